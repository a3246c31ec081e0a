"""A peer that takes implicit VR little endian, or one other transfer syntax, and nothing else, and what it is sent.

implicit_peer.py make FOLDER             writes one study of every kind of object into FOLDER
implicit_peer.py provider PORT FOLDER    is a node PEER at PORT that keeps objects in FOLDER
implicit_peer.py get PORT FOLDER STUDY [SYNTAX]
                                         asks PEONY at PORT for a study and keeps it in FOLDER
implicit_peer.py same SENT GOT [SYNTAX]  holds what came into GOT, in implicit VR little endian or that transfer syntax,
                                         against what was made in SENT, element by element and pixel by pixel, and
                                         prints the names of those that came
"""

import io
import sys
import threading
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    MPEG4HP41,
    RLELossless,
)
from pynetdicom import AE, StoragePresentationContexts, build_role, evt
from pynetdicom.sop_class import (
    BasicTextSRStorage,
    StudyRootQueryRetrieveInformationModelGet,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)

STUDY = "1.2.826.0.1.3680043.9.77"


FRAMES, ROWS, COLUMNS = 3, 48, 64
# Beyond what is handed on at a time, and an odd number of bytes in all.
LONG = b"A value that is longer than its value representation has room for. " * 1001


def item(**attributes):
    data_set = Dataset()
    for name, value in attributes.items():
        setattr(data_set, name, value)
    return data_set


def begin(number, sop_class, modality):
    return item(
        SpecificCharacterSet="ISO_IR 192",
        SOPClassUID=sop_class,
        SOPInstanceUID=f"{STUDY}.1.{number}",
        StudyDate="20261126",
        Modality=modality,
        PatientName="WANG^XIAOMING=王^小明",
        PatientID="P-1",
        StudyInstanceUID=STUDY,
        SeriesInstanceUID=f"{STUDY}.{number}",
    )


def pictures(data_set, values, photometric):
    samples = 3 if photometric != "MONOCHROME2" else 1
    bits = 8 * values.dtype.itemsize
    data_set.SamplesPerPixel = samples
    data_set.PhotometricInterpretation = photometric
    data_set.NumberOfFrames, data_set.Rows, data_set.Columns = values.shape[:3]
    if samples == 3:
        data_set.PlanarConfiguration = 0
    data_set.BitsAllocated = data_set.BitsStored = bits
    data_set.HighBit = bits - 1
    data_set.PixelRepresentation = 0
    data_set.FrameTime = "40"
    region = item(RegionSpatialFormat=1, RegionDataType=1, RegionLocationMinX0=0, PhysicalDeltaX=0.0125)
    data_set.SequenceOfUltrasoundRegions = Sequence([region])
    data_set.PixelData = values.tobytes()


def private(data_set):
    block = data_set.private_block(0x0033, "PEONY TEST", create=True)
    block.add_new(0x01, "DS", ["1.5", "-2"])
    block.add_new(0x02, "UL", [1, 2**31])
    block.add_new(0x03, "UN", b"\x01\x02\x03\x04")
    block.add_new(0x04, "SQ", Sequence([item(CodeValue="111", CodeMeaning="within")]))
    block.add_new(0x05, "OB", bytes(range(256)) * 3000)
    block.add_new(0x06, "FD", 0.1)
    block.add_new(0x07, "UN", LONG + b"\0" * (len(LONG) % 2))


def content(depth):
    code = item(CodeValue="121071", CodingSchemeDesignator="DCM", CodeMeaning="Finding")
    node = item(RelationshipType="CONTAINS", ValueType="TEXT", ConceptNameCodeSequence=[code], TextValue=f"深 {depth}")
    if depth:
        node.ContentSequence = [content(depth - 1), content(0)]
    return node


def made():
    """Each object by name: its data set and its transfer syntax."""
    random = np.random.default_rng(7)
    colour = random.integers(0, 256, (FRAMES, ROWS, COLUMNS, 3), np.uint8)
    # No noise, whose chroma no two decoders upsample alike.
    smooth = np.zeros((FRAMES, ROWS, COLUMNS, 3), np.uint8)
    smooth[..., 0] = np.linspace(20, 220, COLUMNS).astype(np.uint8)
    smooth[..., 1] = np.linspace(220, 40, ROWS).astype(np.uint8)[:, None]
    smooth[..., 2] = 40 * np.arange(FRAMES, dtype=np.uint8)[:, None, None] + 60
    deep = random.integers(0, 65536, (1, 21, 33), np.uint16)
    grey = random.integers(0, 256, (1, 7, 9), np.uint8)

    explicit = begin(1, UltrasoundMultiFrameImageStorage, "US")
    private(explicit)
    pictures(explicit, colour, "RGB")

    jpeg = begin(2, UltrasoundMultiFrameImageStorage, "US")
    pictures(jpeg, smooth, "YBR_FULL_422")
    frames = []
    for frame in smooth:
        coded = io.BytesIO()
        Image.fromarray(frame).save(coded, "JPEG", quality=95, subsampling=1)
        frames.append(coded.getvalue())
    jpeg.PixelData = encapsulate(frames)
    jpeg.LossyImageCompression = "01"
    jpeg.LossyImageCompressionRatio = "9.5"
    jpeg.LossyImageCompressionMethod = "ISO_10918_1"

    deflated = begin(3, UltrasoundImageStorage, "US")
    pictures(deflated, grey, "MONOCHROME2")

    big = begin(4, UltrasoundImageStorage, "US")
    pictures(big, deep, "MONOCHROME2")
    big.SmallestImagePixelValue = int(deep.min())
    big.PixelData = deep.astype(">u2").tobytes()

    report = begin(5, BasicTextSRStorage, "SR")
    report.update(content(6))
    private(report)

    runs = begin(6, UltrasoundMultiFrameImageStorage, "US")
    pictures(runs, colour, "RGB")
    runs.file_meta = FileMetaDataset()
    runs.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    wavelets = dcmread(io.BytesIO(written(runs, ExplicitVRLittleEndian)))
    wavelets.SOPInstanceUID = f"{STUDY}.1.7"
    runs.compress(RLELossless, generate_instance_uid=False)
    wavelets.compress(JPEG2000Lossless, generate_instance_uid=False)

    implicit = begin(8, UltrasoundImageStorage, "US")
    private(implicit)
    pictures(implicit, grey, "MONOCHROME2")

    video = begin(9, UltrasoundMultiFrameImageStorage, "US")
    pictures(video, colour, "YBR_PARTIAL_420")
    video.PixelData = encapsulate([b"\0\0\1\x67no picture that is decoded here."])

    return {
        "explicit": (explicit, ExplicitVRLittleEndian),
        "jpeg": (jpeg, JPEGBaseline8Bit),
        "deflated": (deflated, DeflatedExplicitVRLittleEndian),
        "big": (big, ExplicitVRBigEndian),
        "report": (report, ExplicitVRLittleEndian),
        "runs": (runs, RLELossless),
        "wavelets": (wavelets, JPEG2000Lossless),
        "implicit": (implicit, ImplicitVRLittleEndian),
        "video": (video, MPEG4HP41),
    }


def written(data_set, syntax):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = data_set.SOPClassUID
    meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    data_set.file_meta = meta
    if syntax.is_encapsulated:
        data_set["PixelData"].VR = "OB"
        data_set["PixelData"].is_undefined_length = True
    file = io.BytesIO()
    # pydicom keeps pixel data in the order of the bytes that it is given.
    order = {"implicit_vr": syntax.is_implicit_VR, "little_endian": syntax.is_little_endian}
    data_set.save_as(file, enforce_file_format=True, **order)
    return file.getvalue()


def make(folder):
    for name, (data_set, syntax) in made().items():
        (folder / f"{name}.dcm").write_bytes(written(data_set, syntax))



def same_values(sent, got, where, decoded):
    """`decoded`: attributes that the coding of the pixels decides."""
    ours = {element.tag: element for element in sent}
    theirs = {element.tag: element for element in got}
    assert ours.keys() == theirs.keys(), (where, set(ours) ^ set(theirs))
    for tag, element in ours.items():
        other = theirs[tag]
        if element.keyword in decoded or element.keyword == "PixelData":
            continue
        if element.VR == "SQ" and other.VR == "SQ":
            assert len(element.value) == len(other.value), (where, tag)
            for number, pair in enumerate(zip(element.value, other.value, strict=True)):
                same_values(*pair, (*where, tag, number), ())
        elif tag.is_private and not tag.is_private_creator:
            same_private(element, other, (*where, tag))
        else:
            assert element.value == other.value, (where, tag, element.value, other.value)


def same_private(element, other, where):
    """Without a dictionary for it, a value in implicit is bytes."""
    expected = {
        0x01: b"1.5\\-2",
        0x02: b"\1\0\0\0\0\0\0\x80",
        0x06: np.float64(0.1).tobytes(),
    }.get(element.tag.element & 0xFF)
    value = element.value if expected is None else expected
    given = other.value
    if isinstance(value, bytes) and not isinstance(given, bytes):
        assert element.value == given, (where, given)
    else:
        assert bytes(value).rstrip(b" ") == bytes(given).rstrip(b" "), (where, given)


def same(sent, got, syntax=ImplicitVRLittleEndian):
    came = {}
    for path in got.iterdir():
        data_set = dcmread(path, force=True)
        if "TransferSyntaxUID" in data_set.file_meta:
            assert data_set.file_meta.TransferSyntaxUID == syntax, (path, data_set.file_meta)
        came[data_set.SOPInstanceUID] = data_set
    names = []
    for path in sorted(sent.iterdir()):
        ours = dcmread(path)
        theirs = came.pop(ours.SOPInstanceUID, None)
        if theirs is None:
            continue
        names.append(path.stem)
        lossy = path.stem == "jpeg"
        decoded = ("PhotometricInterpretation",) if lossy else ()
        # Run lengths are of planes.
        decoded += ("PlanarConfiguration",) if syntax == RLELossless else ()
        same_values(ours, theirs, (path.stem,), decoded)
        if lossy:
            assert theirs.LossyImageCompression == "01"
            assert theirs.PhotometricInterpretation == "RGB", theirs.PhotometricInterpretation
        if "PixelData" not in ours:
            continue
        theirs.file_meta.TransferSyntaxUID = syntax
        theirs["PixelData"].VR = "OB" if syntax.is_encapsulated else "OW"
        expected, pixels = ours.pixel_array.astype(int), theirs.pixel_array.astype(int)
        assert expected.shape == pixels.shape, path
        # Two decoders of JPEG may round apart.
        assert np.abs(expected - pixels).max() <= (3 if lossy else 0), (path, np.abs(expected - pixels).max())
    assert not came, "more came than was sent"
    print(" ".join(names))


def keeper(folder):
    def keep(event):
        data_set = event.encoded_dataset()
        (folder / f"{event.request.AffectedSOPInstanceUID}.dcm").write_bytes(data_set)
        return 0x0000

    return [(evt.EVT_C_STORE, keep)]


def provider(port, folder):
    ae = AE("PEER")
    for context in StoragePresentationContexts:
        ae.add_supported_context(context.abstract_syntax, ImplicitVRLittleEndian)
    ae.start_server(("127.0.0.1", port), evt_handlers=keeper(folder), block=False)
    threading.Event().wait()


def get(port, folder, study, syntax=ImplicitVRLittleEndian):
    ae = AE("SENDER")
    ae.add_requested_context(StudyRootQueryRetrieveInformationModelGet)
    classes = [UltrasoundImageStorage, UltrasoundMultiFrameImageStorage, BasicTextSRStorage]
    for sop_class in classes:
        ae.add_requested_context(sop_class, syntax)
    roles = [build_role(sop_class, scp_role=True) for sop_class in classes]
    association = ae.associate("127.0.0.1", port, ae_title="PEONY", ext_neg=roles, evt_handlers=keeper(folder))
    assert association.is_established
    wanted = item(QueryRetrieveLevel="STUDY", StudyInstanceUID=study)
    last = [status for status, _ in association.send_c_get(wanted, StudyRootQueryRetrieveInformationModelGet)][-1]
    association.release()
    counts = [last.get(f"NumberOf{name}Suboperations") for name in ("Completed", "Failed", "Warning")]
    print(f"{last.Status:04X}", *counts)


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    if role == "make":
        make(Path(rest[0]))
    elif role == "provider":
        provider(int(rest[0]), Path(rest[1]))
    elif role == "get":
        get(int(rest[0]), Path(rest[1]), *rest[2:])
    else:
        same(*map(Path, rest[:2]), *map(UID, rest[2:]))
