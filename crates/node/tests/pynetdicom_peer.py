"""pynetdicom as a peer of the node under test.

pynetdicom_peer.py user PORT FILE...     asks PEONY at PORT for everything
pynetdicom_peer.py modality PORT         performs the first order of the worklist of PEONY at PORT
pynetdicom_peer.py provider PORT FOLDER [REPORTS]
                                         is a node PEER at PORT that keeps objects in FOLDER, and reports what it
                                         keeps over the association that asked, or to PEONY at the port REPORTS
pynetdicom_peer.py archive PORT FOLDER MOVES
                                         is a node THERE at PORT that hands out the files in FOLDER, and moves them to
                                         PEONY at the port MOVES; it speaks GB18030

The first two print what they heard as JSON.
"""

import json
import queue
import sys
import threading
import time
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, StoragePresentationContexts, build_role, evt
from pynetdicom.sop_class import (
    ModalityPerformedProcedureStep,
    ModalityWorklistInformationFind,
    PatientRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelGet,
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    UltrasoundImageStorage,
    Verification,
)


def keys(**attributes):
    identifier = Dataset()
    for name, value in attributes.items():
        setattr(identifier, name, value)
    return identifier


def counts(status):
    names = ("Remaining", "Completed", "Failed", "Warning")
    return [status.get(f"NumberOf{name}Suboperations") for name in names]


def user(port, files):
    heard = {}
    got = []

    def keep(event):
        got.append(event.request.AffectedSOPInstanceUID)
        return 0x0000

    reported = queue.Queue()

    def hear(event):
        reported.put([event.event_type, len(event.event_information.ReferencedSOPSequence)])
        return 0x0000, None

    ae = AE("SENDER")
    for uid in (
        Verification,
        UltrasoundImageStorage,
        PatientRootQueryRetrieveInformationModelFind,
        StudyRootQueryRetrieveInformationModelFind,
        StudyRootQueryRetrieveInformationModelGet,
        PatientRootQueryRetrieveInformationModelGet,
        StudyRootQueryRetrieveInformationModelMove,
        StorageCommitmentPushModel,
    ):
        ae.add_requested_context(uid)
    roles = [build_role(UltrasoundImageStorage, scu_role=True, scp_role=True)]
    handlers = [(evt.EVT_C_STORE, keep), (evt.EVT_N_EVENT_REPORT, hear)]
    association = ae.associate("127.0.0.1", port, ae_title="PEONY", ext_neg=roles, evt_handlers=handlers)
    assert association.is_established
    heard["echo"] = association.send_c_echo().Status
    heard["store"] = [association.send_c_store(dcmread(file)).Status for file in files]
    study = dcmread(files[0]).StudyInstanceUID
    found = association.send_c_find(
        keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="", PatientName=""),
        StudyRootQueryRetrieveInformationModelFind,
    )
    heard["find"] = [
        [status.Status, str(match.PatientName) if match else None, match.StudyInstanceUID if match else None]
        for status, match in found
    ]
    wanted = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=study)
    responses = association.send_c_get(wanted, StudyRootQueryRetrieveInformationModelGet)
    heard["get"] = [[status.Status, *counts(status)] for status, _ in responses]
    heard["got"] = got
    responses = association.send_c_move(wanted, "PEER", StudyRootQueryRetrieveInformationModelMove)
    heard["move"] = [[status.Status, *counts(status)] for status, _ in responses]
    references = [
        keys(ReferencedSOPClassUID=UltrasoundImageStorage, ReferencedSOPInstanceUID=dcmread(file).SOPInstanceUID)
        for file in files
    ]
    asked = keys(TransactionUID="1.2.3", ReferencedSOPSequence=references)
    status, _ = association.send_n_action(asked, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
    heard["commitment"] = [status.Status, *reported.get(timeout=30)]
    # Another thread of pynetdicom answers the report; a release must not go out before that.
    time.sleep(1)
    association.release()
    assert association.is_released
    print(json.dumps(heard))


def modality(port):
    ae = AE("MODALITY")
    ae.add_requested_context(ModalityWorklistInformationFind)
    ae.add_requested_context(ModalityPerformedProcedureStep)
    association = ae.associate("127.0.0.1", port, ae_title="PEONY")
    assert association.is_established
    step = keys(
        ScheduledStationAETitle="MODALITY", ScheduledProcedureStepID="", ScheduledProcedureStepStartDate="20261126"
    )
    question = keys(PatientName="WANG*", StudyInstanceUID="", ScheduledProcedureStepSequence=[step])
    found = [match for _, match in association.send_c_find(question, ModalityWorklistInformationFind) if match]
    order = found[0]
    step_id = order.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID

    begun = keys(
        PerformedProcedureStepID="PPS1",
        PerformedStationAETitle="MODALITY",
        PerformedProcedureStepStartDate="20261126",
        PerformedProcedureStepStartTime="093000",
        PerformedProcedureStepStatus="IN PROGRESS",
        Modality="US",
        PatientName=order.PatientName,
        ScheduledStepAttributesSequence=[
            keys(StudyInstanceUID=order.StudyInstanceUID, ScheduledProcedureStepID=step_id, AccessionNumber="")
        ],
        PerformedSeriesSequence=[],
    )
    uid = generate_uid()
    create = (begun, ModalityPerformedProcedureStep, uid)
    going_on = keys(PerformedProcedureStepDescription="Breast ultrasound")
    completed = keys(
        PerformedProcedureStepStatus="COMPLETED",
        PerformedProcedureStepEndDate="20261126",
        PerformedProcedureStepEndTime="094500",
        PerformedSeriesSequence=[],
    )
    answers = [association.send_n_create(*create) for _ in range(2)]
    answers += [
        association.send_n_set(change, ModalityPerformedProcedureStep, uid)
        for change in (going_on, completed, completed)
    ]
    association.release()
    assert association.is_released
    heard = {
        "worklist": [
            [one.StudyInstanceUID, one.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID] for one in found
        ],
        "steps": [status.Status for status, _ in answers],
        "uid": uid,
    }
    print(json.dumps(heard))


def provider(port, folder, reports=None):
    def store(event):
        (folder / f"{event.request.AffectedSOPInstanceUID}.dcm").write_bytes(event.encoded_dataset(include_meta=False))
        return 0x0000

    def find(event):
        for number in range(3):
            match = event.identifier
            match.SpecificCharacterSet = "ISO_IR 192"
            match.PatientName = "王^小明"
            match.StudyInstanceUID = f"1.2.3.{number}"
            yield 0xFF00, match

    def commit(event):
        asked = event.action_information
        kept, missing = [], []
        for one in asked.ReferencedSOPSequence:
            if (folder / f"{one.ReferencedSOPInstanceUID}.dcm").exists():
                kept.append(one)
            else:
                one.FailureReason = 0x0112
                missing.append(one)
        said = keys(TransactionUID=asked.TransactionUID)
        if kept:
            said.ReferencedSOPSequence = kept
        if missing:
            said.FailedSOPSequence = missing
        report = (said, 2 if missing else 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)

        def tell():
            # After the response to what was asked.
            time.sleep(0.3)
            if reports is None:
                event.assoc.send_n_event_report(*report)
                return
            ae = AE("PEER")
            ae.add_requested_context(StorageCommitmentPushModel)
            roles = [build_role(StorageCommitmentPushModel, scp_role=True)]
            association = ae.associate("127.0.0.1", reports, ae_title="PEONY", ext_neg=roles)
            association.send_n_event_report(*report)
            association.release()

        threading.Thread(target=tell, daemon=True).start()
        return 0x0000, None

    ae = AE("PEER")
    ae.add_supported_context(Verification)
    ae.add_supported_context(StorageCommitmentPushModel)
    ae.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
    for context in StoragePresentationContexts:
        ae.add_supported_context(context.abstract_syntax)
    handlers = [(evt.EVT_C_STORE, store), (evt.EVT_C_FIND, find), (evt.EVT_N_ACTION, commit)]
    ae.start_server(("127.0.0.1", port), evt_handlers=handlers, block=False)
    threading.Event().wait()


UNIQUE = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}


def archive(port, folder, moves):
    objects = [dcmread(path) for path in sorted(folder.glob("*.dcm"))]
    # What nobody asked for.
    pushed = [dcmread(path) for path in sorted(folder.glob("pushed/*.dcm"))]

    def matching(identifier):
        def fits(one, name):
            return identifier.get(name, "") in ("", one.get(name))

        return [one for one in objects if all(fits(one, name) for name in ("PatientID", *UNIQUE.values()))]

    def find(event):
        identifier = event.identifier
        unique = UNIQUE[identifier.QueryRetrieveLevel]
        for one in {one.get(unique): one for one in matching(identifier)}.values():
            match = Dataset()
            match.SpecificCharacterSet = "GB18030"
            match.QueryRetrieveLevel = identifier.QueryRetrieveLevel
            for element in identifier:
                if element.keyword in one:
                    setattr(match, element.keyword, one[element.keyword].value)
            yield 0xFF00, match

    def get(event):
        found = pushed + matching(event.identifier)
        yield len(found)
        for one in found:
            yield 0xFF00, one

    def move(event):
        yield ("127.0.0.1", moves) if event.move_destination == "PEONY" else (None, None)
        yield from get(event)

    ae = AE("THERE")
    for uid in (
        StudyRootQueryRetrieveInformationModelFind,
        StudyRootQueryRetrieveInformationModelGet,
        StudyRootQueryRetrieveInformationModelMove,
    ):
        ae.add_supported_context(uid)
    ae.add_supported_context(UltrasoundImageStorage, scu_role=True, scp_role=True)
    ae.add_requested_context(UltrasoundImageStorage)
    handlers = [(evt.EVT_C_FIND, find), (evt.EVT_C_GET, get), (evt.EVT_C_MOVE, move)]
    ae.start_server(("127.0.0.1", port), evt_handlers=handlers, block=False)
    threading.Event().wait()


if __name__ == "__main__":
    role, port, *rest = sys.argv[1:]
    if role == "user":
        user(int(port), rest)
    elif role == "modality":
        modality(int(port))
    elif role == "archive":
        archive(int(port), Path(rest[0]), int(rest[1]))
    else:
        provider(int(port), Path(rest[0]), *map(int, rest[1:]))
