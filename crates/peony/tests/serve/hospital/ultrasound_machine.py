"""What DCMTK has no tool for: an ultrasound machine that says what it performs and asks for storage commitment, and a viewer.

    ultrasound_machine.py begin PORT STUDY STEP               N-CREATE; prints the UID of the performed step
    ultrasound_machine.py end PORT UID FILE...                N-SET with the files' instances, then storage commitment of them
    ultrasound_machine.py fetch URL FILE...                   gets each file's instance by dicomweb-client

The last two print as JSON what they heard. The node is WARD at PORT of this machine.
"""

import json
import queue
import sys

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid


def keys(**attributes):
    identifier = Dataset()
    for name, value in attributes.items():
        setattr(identifier, name, value)
    return identifier


def associate(port, handlers):
    from pynetdicom import AE
    from pynetdicom.sop_class import ModalityPerformedProcedureStep, StorageCommitmentPushModel

    ae = AE("MACHINE")
    ae.add_requested_context(ModalityPerformedProcedureStep)
    ae.add_requested_context(StorageCommitmentPushModel)
    association = ae.associate("127.0.0.1", int(port), ae_title="WARD", evt_handlers=handlers)
    assert association.is_established
    return association


def begin(port, study, step):
    from pynetdicom.sop_class import ModalityPerformedProcedureStep

    association = associate(port, [])
    begun = keys(
        PerformedProcedureStepID="PPS1",
        PerformedStationAETitle="MACHINE",
        PerformedProcedureStepStartDate="20261126",
        PerformedProcedureStepStartTime="093000",
        PerformedProcedureStepStatus="IN PROGRESS",
        Modality="US",
        ScheduledStepAttributesSequence=[keys(StudyInstanceUID=study, ScheduledProcedureStepID=step)],
        PerformedSeriesSequence=[],
    )
    uid = generate_uid()
    status, _ = association.send_n_create(begun, ModalityPerformedProcedureStep, uid)
    association.release()
    assert status.Status == 0x0000, status
    print(json.dumps(uid))


def end(port, uid, files):
    from pynetdicom import evt
    from pynetdicom.sop_class import (
        ModalityPerformedProcedureStep,
        StorageCommitmentPushModel,
        StorageCommitmentPushModelInstance,
    )

    reported = queue.Queue()

    def hear(event):
        reported.put([event.event_type, len(event.event_information.ReferencedSOPSequence)])
        return 0x0000, None

    association = associate(port, [(evt.EVT_N_EVENT_REPORT, hear)])
    sent = [dcmread(file) for file in files]
    references = [
        keys(ReferencedSOPClassUID=one.SOPClassUID, ReferencedSOPInstanceUID=one.SOPInstanceUID) for one in sent
    ]
    series = keys(SeriesInstanceUID=sent[0].SeriesInstanceUID, ReferencedImageSequence=references)
    completed = keys(
        PerformedProcedureStepStatus="COMPLETED",
        PerformedProcedureStepEndDate="20261126",
        PerformedProcedureStepEndTime="094500",
        PerformedSeriesSequence=[series],
    )
    step, _ = association.send_n_set(completed, ModalityPerformedProcedureStep, uid)
    asked = keys(TransactionUID=generate_uid(), ReferencedSOPSequence=references)
    action, _ = association.send_n_action(asked, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
    report = reported.get(timeout=60)
    association.release()
    print(json.dumps({"step": step.Status, "action": action.Status, "report": report}))


def fetch(url, files):
    from dicomweb_client.api import DICOMwebClient

    client = DICOMwebClient(url)
    same = []
    for file in files:
        sent = dcmread(file)
        uids = (sent.StudyInstanceUID, sent.SeriesInstanceUID, sent.SOPInstanceUID)
        media = (("application/dicom", sent.file_meta.TransferSyntaxUID),)
        got = client.retrieve_instance(*uids, media_types=media)
        same.append(got == sent and got.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID)
    print(json.dumps(same))


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "begin":
        begin(*rest)
    elif what == "end":
        end(rest[0], rest[1], rest[2:])
    else:
        fetch(rest[0], rest[1:])
