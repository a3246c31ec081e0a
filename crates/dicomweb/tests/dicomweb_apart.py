"""Sends metadata and bulk data apart, as one server gives them, to another one; says what became of them as one line of JSON.

    dicomweb_apart.py FROM TO
"""

import io
import json
import sys

import numpy
import pydicom
import requests
from dicomweb_client.api import DICOMwebClient
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence

first, second = sys.argv[1], sys.argv[2]
BOUNDARY = "apart"


def instance(number, syntax):
    data = Dataset()
    data.preamble = bytes(128)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = f"2.25.30{number}"
    data.StudyInstanceUID, data.SeriesInstanceUID = f"2.25.10{number}", f"2.25.20{number}"
    data.SpecificCharacterSet = "ISO_IR 192"
    data.PatientName, data.PatientID, data.Modality = "WANG^FANG=王^芳", f"P{number}", "OT"
    data.StudyDate, data.StudyTime, data.AccessionNumber = "20260102", "101500", ""
    data.Rows, data.Columns, data.SamplesPerPixel = 8, 16, 1
    data.PhotometricInterpretation, data.PixelRepresentation = "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
    data.WindowCenter, data.WindowWidth = ["40.5", "-1.25"], ["400", "1e3"]
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "T-04000", "SRT", "乳腺"
    outer = Dataset()
    outer.PurposeOfReferenceCodeSequence = Sequence([code, Dataset()])
    outer.ReferencedSOPInstanceUID = "1.2.3"
    data.SourceImageSequence = Sequence([outer])
    data.ReferencedImageSequence = Sequence([])
    data.FrameIncrementPointer = 0x00181063
    data.add_new(0x00189073, "FD", [1.5, 0.1])
    data.add_new(0x00110010, "LO", "PEONY")
    data.add_new(0x00111001, "UN", bytes(range(7)) * 100 + b"\0\0")
    data.add_new(0x00111002, "OW", bytes(range(256)) * 4)
    data.add_new(0x00420011, "OB", b"%PDF" * 100)
    data.PixelData = (numpy.arange(128, dtype="<u2") * 31).tobytes()
    return data


def jpegs(number, path):
    """The cine of the test, with something of everything else."""
    data, cine = instance(number, "1.2.840.10008.1.2.4.50"), pydicom.dcmread(path)
    for name in ("Rows", "Columns", "NumberOfFrames", "BitsAllocated", "BitsStored", "HighBit"):
        setattr(data, name, getattr(cine, name))
    frames = [frame for frame in pydicom.encaps.generate_frames(cine.PixelData, number_of_frames=int(cine.NumberOfFrames))]
    data.PixelData = encapsulate(frames, has_bot=False)
    data["PixelData"].VR = "OB"
    return data


def stored(url, parts, kind):
    body = b"".join(
        b"--%s\r\n%s\r\n\r\n%s\r\n" % (BOUNDARY.encode(), "\r\n".join(head).encode(), data) for head, data in parts
    )
    body += f"--{BOUNDARY}--\r\n".encode()
    headers = {"Content-Type": f'multipart/related; type="{kind}"; boundary={BOUNDARY}', "Accept": "application/dicom+json"}
    return requests.post(f"{url}/studies", data=body, headers=headers, timeout=60)


def parts_of(response):
    """Heads and bodies of an answer in parts."""
    boundary = response.headers["Content-Type"].split("boundary=")[1].encode()
    for piece in (b"\r\n" + response.content).split(b"\r\n--" + boundary)[1:-1]:
        head, _, data = piece[2:].partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        yield fields["Content-Type"], data


def addresses(metadata):
    for key, attribute in metadata.items():
        if "BulkDataURI" in attribute:
            yield key, attribute["BulkDataURI"]
        for item in attribute.get("Value", []) if attribute["vr"] == "SQ" else []:
            yield from addresses(item)


def apart(place, kind, coded):
    """Metadata and bulk data as the first server gives them."""
    metadata = requests.get(f"{first}{place}/metadata", headers={"Accept": "application/dicom+json"}, timeout=60).json()
    if kind == "application/dicom+xml":
        accept = {"Accept": 'multipart/related; type="application/dicom+xml"'}
        answer = requests.get(f"{first}{place}/metadata", headers=accept, timeout=60)
        parts = [(["Content-Type: application/dicom+xml"], data) for _, data in parts_of(answer)]
    else:
        parts = [(["Content-Type: application/dicom+json"], json.dumps(metadata).encode())]
    for key, uri in addresses(metadata[0]):
        accept = coded if key == "7FE00010" else 'multipart/related; type="application/octet-stream"'
        answer = requests.get(uri, headers={"Accept": accept}, timeout=60)
        assert answer.ok, answer.text
        for media, data in parts_of(answer):
            parts.append(([f"Content-Type: {media}", f"Content-Location: {uri}"], data))
    return parts


said = {"same": [], "parts": []}
OCTETS = 'multipart/related; type="application/octet-stream"'
JPEG = 'multipart/related; type="image/jpeg"'
explicit = "1.2.840.10008.1.2.1"
cases = [
    (instance(1, explicit), "application/dicom+json", OCTETS),
    (instance(2, explicit), "application/dicom+xml", OCTETS),
    (instance(3, "1.2.840.10008.1.2"), "application/dicom+json", OCTETS),
    (jpegs(4, sys.argv[3]), "application/dicom+json", JPEG),
    (jpegs(5, sys.argv[3]), "application/dicom+xml", JPEG),
]
everything = DICOMwebClient(second)
for data, kind, coded in cases:
    DICOMwebClient(first).store_instances([data])
    place = f"/studies/{data.StudyInstanceUID}/series/{data.SeriesInstanceUID}/instances/{data.SOPInstanceUID}"
    parts = apart(place, kind, coded)
    answer = stored(second, parts, kind)
    assert answer.status_code == 200, answer.text
    anything = {"Accept": "application/dicom; transfer-syntax=*"}
    back = pydicom.dcmread(io.BytesIO(requests.get(f"{second}{place}", headers=anything, timeout=60).content))
    written = io.BytesIO()
    data.save_as(written, enforce_file_format=True)
    written.seek(0)
    sent = pydicom.dcmread(written)
    if sent.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2":
        # Private elements have no value representation there.
        del sent[0x00111001], back[0x00111001], sent[0x00111002], back[0x00111002]
    differ = [str(tag) for tag in {e.tag for e in sent} | {e.tag for e in back} if sent.get(tag) != back.get(tag)]
    said["same"].append(differ or True)
    said["parts"].append(len(parts))
print(json.dumps(said))
