"""Stores, finds and gets back by dicomweb-client; says what it got as one line of JSON.

    dicomweb_peer.py URL FILE...

The first file is a cine in JPEG, the second a small uncompressed picture.
"""

import io
import json
import sys

import numpy
import pydicom
import requests
from dicomweb_client.api import DICOMwebClient
from PIL import Image

url, paths = sys.argv[1], sys.argv[2:]
client = DICOMwebClient(url)
sent = [pydicom.dcmread(path) for path in paths]
cine, still = sent[0], sent[1]
uids = (cine.StudyInstanceUID, cine.SeriesInstanceUID, cine.SOPInstanceUID)
said = {}

answer = client.store_instances(sent)
said["stored"] = [item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence]

said["studies"] = len(client.search_for_studies())
found = client.search_for_studies(search_filters={"PatientID": cine.PatientID, "StudyDate": cine.StudyDate})
said["found"] = [study["0020000D"]["Value"][0] for study in found]
said["paged"] = sum(len(client.search_for_studies(limit=1, offset=offset)) for offset in range(4))
said["series"] = len(client.search_for_series(uids[0]))
said["instances"] = [one["00080018"]["Value"][0] for one in client.search_for_instances(*uids[:2])]

same = client.retrieve_instance(*uids, media_types=(("application/dicom", "1.2.840.10008.1.2.4.50"),))
said["unchanged"] = same == cine and same.file_meta.TransferSyntaxUID == cine.file_meta.TransferSyntaxUID
plain = client.retrieve_instance(*uids, media_types=(("application/dicom", "1.2.840.10008.1.2.1"),))
said["uncompressed"] = [plain.file_meta.TransferSyntaxUID, list(plain.pixel_array.shape)]
said["off"] = int(numpy.abs(plain.pixel_array.astype(int) - cine.pixel_array.astype(int)).max())
assert len(client.retrieve_study(uids[0])) == len(client.retrieve_series(*uids[:2])) == 1

frames = client.retrieve_instance_frames(*uids, frame_numbers=[1, 2, 3], media_types=("image/jpeg",))
said["frames"] = [len(frame) for frame in frames]
metadata = pydicom.Dataset.from_json(client.retrieve_instance_metadata(*uids), lambda *_: b"")
said["metadata"] = [metadata.SOPInstanceUID, metadata.Rows]
of_still = client.retrieve_instance_metadata(
    still.StudyInstanceUID, still.SeriesInstanceUID, still.SOPInstanceUID
)
# This client's Host field lacks the port.
bulk = client.retrieve_bulkdata(of_still["7FE00010"]["BulkDataURI"])
assert bulk[0] == still.PixelData
said["bulk"] = len(bulk[0])
rendered = client.retrieve_instance_rendered(*uids, media_types=("image/png",))
said["rendered"] = list(Image.open(io.BytesIO(rendered)).size)
try:
    client.retrieve_instance_metadata("1.2.3", "1.2.3", "1.2.3")
except requests.HTTPError as error:
    said["missing"] = error.response.status_code
print(json.dumps(said))
