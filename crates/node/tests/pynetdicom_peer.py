"""pynetdicom as a peer of the node under test.

pynetdicom_peer.py user PORT FILE...     asks PEONY at PORT for everything, and prints what it heard as JSON
pynetdicom_peer.py provider PORT FOLDER  is a node PEER at PORT that keeps objects in FOLDER
"""

import json
import queue
import sys
import threading
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE, StoragePresentationContexts, build_role, evt
from pynetdicom.sop_class import (
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
    status, _ = association.send_n_action(
        asked, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
    )
    heard["commitment"] = [status.Status, *reported.get(timeout=30)]
    association.release()
    assert association.is_released
    print(json.dumps(heard))


def provider(port, folder):
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

    ae = AE("PEER")
    ae.add_supported_context(Verification)
    ae.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
    for context in StoragePresentationContexts:
        ae.add_supported_context(context.abstract_syntax)
    ae.start_server(
        ("127.0.0.1", port), evt_handlers=[(evt.EVT_C_STORE, store), (evt.EVT_C_FIND, find)], block=False
    )
    threading.Event().wait()


if __name__ == "__main__":
    role, port, *rest = sys.argv[1:]
    if role == "user":
        user(int(port), rest)
    else:
        provider(int(port), Path(rest[0]))
