"""Stores pictures of every kind and gets them back in codings in which they are not kept; each sample must be what it was.

    dicomweb_coded.py URL

Prints, as one line of JSON, how many pictures came so in each coding, and how many files DCMTK read the same.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path

import imagecodecs
import jpeg_ls
import numpy as np
import requests
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import generate_frames
from pydicom.pixels import pixel_array
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

RLE, JLS, JXL = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.110"
MEDIA = {RLE: "image/dicom-rle", JLS: "image/jls", JXL: "image/jxl"}
TOOLS = {RLE: "dcmdrle", JLS: "dcmdjpls"}
STUDY = "1.2.826.0.1.3680043.9.78"
url = sys.argv[1]


def picture(number, values, bits, photometric="MONOCHROME2", kept=ExplicitVRLittleEndian):
    """`values` are frames, rows and columns, and samples where it is colour."""
    data_set = Dataset()
    data_set.SOPClassUID = "1.2.840.10008.5.1.4.1.1.3.1"
    data_set.SOPInstanceUID = f"{STUDY}.1.{number}"
    data_set.Modality = "US"
    data_set.PatientName, data_set.PatientID = "CODED", "C-1"
    data_set.StudyInstanceUID, data_set.SeriesInstanceUID = STUDY, f"{STUDY}.2"
    data_set.SamplesPerPixel = 3 if values.ndim == 4 else 1
    data_set.PhotometricInterpretation = photometric
    if values.ndim == 4:
        data_set.PlanarConfiguration = 0
    data_set.NumberOfFrames, data_set.Rows, data_set.Columns = values.shape[:3]
    data_set.BitsAllocated = 8 * values.dtype.itemsize
    data_set.BitsStored, data_set.HighBit = bits, bits - 1
    data_set.PixelRepresentation = int(values.dtype.kind == "i")
    if photometric == "PALETTE COLOR":
        for name in ("Red", "Green", "Blue"):
            setattr(data_set, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
            setattr(data_set, f"{name}PaletteColorLookupTableData", np.arange(256, dtype=np.uint16).tobytes())
    data_set.PixelData = values.tobytes() + b"\0" * (values.nbytes % 2)
    data_set["PixelData"].VR = "OW" if values.dtype.itemsize == 2 else "OB"
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    if kept == RLELossless:
        file = BytesIO()
        data_set.save_as(file, enforce_file_format=True)
        data_set = dcmread(BytesIO(file.getvalue()))
        data_set.compress(RLELossless, generate_instance_uid=False, encoding_plugin="pydicom")
    return data_set


def pictures():
    random = np.random.default_rng(11)

    def some(bits, signed=False, frames=1, rows=31, columns=47, samples=None):
        """A slope with some noise, over all of the range, and its ends."""
        shape = (frames, rows, columns) + ((samples,) if samples else ())
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        slope = np.linspace(low, high, int(np.prod(shape))).reshape(shape)
        values = np.clip(slope + random.normal(0, max((high - low) / 50, 1), shape), low, high).round()
        values.flat[:2] = low, high
        return values.astype(f"{'i' if signed else 'u'}{1 if bits <= 8 else 2}")

    noise = random.integers(0, 65536, (2, 33, 65), np.uint16)
    of_each = [
        (some(8, frames=3), 8),
        (some(10), 10),
        (some(12, frames=2), 12),
        (some(16), 16),
        (noise, 16),
        (np.full((1, 300, 270), 77, np.uint8), 8),
        (some(8).astype(np.uint16), 8),
        (some(12, signed=True), 12),
        (some(16, signed=True), 16),
        (some(8, rows=1, columns=101), 8),
        (some(12, rows=57, columns=1), 12),
        (some(8), 8, "PALETTE COLOR"),
        (some(8, frames=2, samples=3), 8, "RGB"),
        (some(8, rows=259, columns=515, samples=3), 8, "RGB"),
        (some(8, samples=3), 8, "YBR_FULL"),
        (some(8, samples=3), 8, "YBR_FULL", RLELossless),
    ]
    return [picture(number, *one) for number, one in enumerate(of_each, 1)]


def samples(data_set):
    """As pydicom has them, without a colour transform."""
    plugin = {RLE: "pydicom", JLS: "pyjpegls"}.get(data_set.file_meta.TransferSyntaxUID, "")
    values = pixel_array(data_set, raw=True, decoding_plugin=plugin)
    return values if data_set.get("NumberOfFrames", 1) > 1 else values[None]


def by_itself(uid, coded, data_set):
    """One coded frame by a decoder that knows nothing of DICOM."""
    if uid == JLS:
        values = jpeg_ls.decode(np.frombuffer(coded, np.uint8))
        # The frame header is the first segment; DCMTK takes eight bits for cells of eight.
        least = 9 if data_set.BitsAllocated == 16 else 2
        assert coded[6] == max(data_set.BitsStored, least), (uid, coded[6])
    else:
        values = imagecodecs.jpegxl_decode(coded)
    if not data_set.PixelRepresentation:
        return values
    shift = 16 - data_set.BitsStored
    return (values.astype(np.uint16) << shift).astype(np.int16) >> shift


def get(path, accept):
    return requests.get(f"{url}{path}", headers={"Accept": accept}, timeout=60)


def frames_of(place, uid, count):
    """The frames of an object, each alone."""
    answers = [get(f"{place}/frames/{number}", MEDIA[uid]) for number in range(1, count + 1)]
    assert all(answer.status_code == 200 for answer in answers), answers[0].text
    assert all(answer.headers["Content-Type"] == f"{MEDIA[uid]}; transfer-syntax={uid}" for answer in answers)
    return [answer.content for answer in answers]


def by_dcmtk(uid, file):
    """Uncompressed by DCMTK."""
    with tempfile.TemporaryDirectory() as folder:
        coded, plain = Path(folder, "coded.dcm"), Path(folder, "plain.dcm")
        coded.write_bytes(file)
        subprocess.run([TOOLS[uid], coded, plain], check=True, capture_output=True)
        return samples(dcmread(plain))


has_dcmtk = all(map(shutil.which, TOOLS.values()))
said = {"rle": 0, "jls": 0, "jxl": 0, "dcmtk": 0 if has_dcmtk else None}
for ours in pictures():
    file = BytesIO()
    ours.save_as(file, enforce_file_format=True)
    answer = requests.post(f"{url}/studies", data=file.getvalue(), headers={"Content-Type": "application/dicom"}, timeout=60)
    assert answer.status_code == 200, answer.text
    expected = samples(ours)
    place = f"/studies/{STUDY}/series/{STUDY}.2/instances/{ours.SOPInstanceUID}"
    for name, uid in (("rle", RLE), ("jls", JLS), ("jxl", JXL)):
        where = (ours.SOPInstanceUID, ours.PhotometricInterpretation, name)
        answer = get(place, f"application/dicom; transfer-syntax={uid}")
        frame = get(f"{place}/frames/1", MEDIA[uid])
        assert answer.status_code == frame.status_code, (where, answer.text, frame.text)
        if answer.status_code == 406:
            continue
        assert answer.status_code == 200, (where, answer.text)
        theirs = dcmread(BytesIO(answer.content))
        assert theirs.file_meta.TransferSyntaxUID == uid and theirs["PixelData"].VR == "OB", where
        # Everything but the pixels, and what says how these are coded, is as it was.
        changed = {element.keyword for element in theirs if element != ours.get(element.tag)}
        assert changed <= {"PixelData", "PlanarConfiguration"} and len(theirs) == len(ours), (where, changed)
        if uid == ours.file_meta.TransferSyntaxUID:
            assert answer.content == file.getvalue(), where
        elif theirs.SamplesPerPixel == 3:
            assert theirs.PlanarConfiguration == (1 if uid == RLE else 0), where
        count = int(theirs.NumberOfFrames)
        coded = list(generate_frames(theirs.PixelData, number_of_frames=count))
        alone = frames_of(place, uid, count)
        assert [frame.rstrip(b"\0") for frame in coded] == [frame.rstrip(b"\0") for frame in alone], where
        if uid != JXL:
            assert np.array_equal(samples(theirs), expected), where
        if uid != RLE:
            assert np.array_equal(np.stack([by_itself(uid, frame, theirs) for frame in alone]), expected), where
        if has_dcmtk and uid in TOOLS:
            assert np.array_equal(by_dcmtk(uid, answer.content), expected), where
            said["dcmtk"] += 1
        said[name] += 1
print(json.dumps(said))
