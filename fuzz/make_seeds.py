"""Write the seeds of the fuzz targets: small pictures of our own making in every coding that is read.

    python3 fuzz/make_seeds.py        # with the packages of crates/dicom/tests/requirements.txt

Run again only when a seed is added; what it writes is committed. Seeds that it does not write are inputs with which
fuzzing found a fault, named for the fault, and those of `capture`, `igtl`, `mp4` and `y4m`, which the tests of crates/sources make.
"""

import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np

SEEDS = Path(__file__).parent / "seeds"
ROWS, COLUMNS = 12, 16
MONOCHROME2, PALETTE, YBR_FULL, YBR_422, YBR_2000, RGB = 1, 2, 3, 4, 5, 6  # as in src/lib.rs
PLANAR, SIGNED, BIG, BIG_WORDS = 8, 16, 32, 64
BITS8, BITS16, BITS12 = 0x07, 0x8F, 0x8B


def pictures():
    y, x = np.mgrid[:ROWS, :COLUMNS]
    grey = ((x * 13 + y * 7) % 256).astype(np.uint8)
    rgb = np.stack([grey, 255 - grey, (x * 16).astype(np.uint8)], axis=-1)
    deep = (x * 200 + y * 31).astype(np.uint16)
    return grey, rgb, deep


def put(target, name, data):
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def frame(kind, bits, coded):
    return bytes([ROWS - 1, COLUMNS - 1, kind, bits]) + bytes(coded)


def packbits(plane):
    """Literals only: enough for a seed."""
    plane = bytes(plane)
    return b"".join(bytes([len(part) - 1]) + part for part in (plane[i : i + 128] for i in range(0, len(plane), 128)))


def rle(planes):
    segments = [packbits(plane) for plane in planes]
    starts = [64 + sum(len(s) for s in segments[:i]) for i in range(len(segments))]
    return struct.pack("<16I", len(segments), *(starts + [0] * (15 - len(starts)))) + b"".join(segments)


def pixel_seeds():
    grey, rgb, deep = pictures()
    planes = [np.ascontiguousarray(rgb[..., i]).tobytes() for i in range(3)]
    put("pixels_rle", "grey", frame(MONOCHROME2, BITS8, rle([grey.tobytes()])))
    put("pixels_rle", "rgb", frame(RGB, BITS8, rle(planes)))
    put("pixels_rle", "deep", frame(MONOCHROME2, BITS16, rle([(deep >> 8).astype(np.uint8).tobytes(), (deep & 255).astype(np.uint8).tobytes()])))
    put("pixels_jpeg", "grey", frame(MONOCHROME2, BITS8, imagecodecs.jpeg8_encode(grey, level=80)))
    put("pixels_jpeg", "rgb", frame(YBR_422, BITS8, imagecodecs.jpeg8_encode(rgb, level=80, subsampling="422")))
    put("pixels_jpeg", "progressive", frame(YBR_FULL, BITS8, imagecodecs.jpeg8_encode(rgb, level=80, subsampling="444")))
    put("pixels_jpeg", "lossless", frame(MONOCHROME2, BITS8, imagecodecs.ljpeg_encode(grey)))
    put("pixels_jpeg", "lossless_deep", frame(MONOCHROME2, BITS12, imagecodecs.ljpeg_encode(deep, bitspersample=12)))
    put("pixels_jpegls", "grey", frame(MONOCHROME2, BITS8, imagecodecs.jpegls_encode(grey)))
    put("pixels_jpegls", "flat", frame(MONOCHROME2, BITS8, imagecodecs.jpegls_encode(np.zeros_like(grey))))
    put("pixels_jpegls", "near", frame(MONOCHROME2, BITS8, imagecodecs.jpegls_encode(grey, level=3)))
    put("pixels_jpegls", "deep", frame(MONOCHROME2, BITS16, imagecodecs.jpegls_encode(deep)))
    j2k = lambda array, **options: imagecodecs.jpeg2k_encode(array, codecformat="j2k", **options)
    put("pixels_jpeg2000", "grey", frame(MONOCHROME2, BITS8, j2k(grey, reversible=True)))
    put("pixels_jpeg2000", "rgb", frame(YBR_2000, BITS8, j2k(rgb, reversible=True, mct=True)))
    put("pixels_jpeg2000", "lossy", frame(YBR_2000, BITS8, j2k(rgb, level=40, mct=True)))
    put("pixels_jpeg2000", "deep", frame(MONOCHROME2, BITS16, j2k(deep, reversible=True)))
    put("pixels_jpeg2000", "boxed", frame(MONOCHROME2, BITS8, imagecodecs.jpeg2k_encode(grey, codecformat="jp2", reversible=True)))
    below = deep.astype(np.int16) - 1500
    put("pixels_jpeg2000", "signed", frame(MONOCHROME2 | SIGNED, BITS12, j2k(below, reversible=True, bitspersample=12)))
    put("pixels_jpeg2000", "signed_wide", frame(MONOCHROME2 | SIGNED, BITS16, j2k(below * 16, reversible=True)))
    # The bits of signed samples in a stream that says that it has none below nought.
    put("pixels_jpeg2000", "signed_bits", frame(MONOCHROME2 | SIGNED, BITS12, j2k(below.astype(np.uint16) & 0xFFF, reversible=True, bitspersample=12)))
    put("pixels_jpegxl", "grey", frame(MONOCHROME2, BITS8, imagecodecs.jpegxl_encode(grey, lossless=True)))
    # Twelve bits, said to be so and in sixteen as writers have them that know no others.
    put("pixels_jpegxl", "deep", frame(MONOCHROME2, BITS12, imagecodecs.jpegxl_encode(deep, lossless=True, bitspersample=12)))
    put("pixels_jpegxl", "deep_in_16", frame(MONOCHROME2, BITS12, imagecodecs.jpegxl_encode(deep, lossless=True)))
    put("pixels_jpegxl", "rgb", frame(RGB, BITS8, imagecodecs.jpegxl_encode(rgb, lossless=True)))
    put("pixels_jpegxl", "lossy", frame(RGB, BITS8, imagecodecs.jpegxl_encode(rgb, level=70)))
    jpeg = imagecodecs.jpeg8_encode(rgb, level=80)
    put("pixels_jpegxl", "recompressed", frame(YBR_422, BITS8, imagecodecs.jpegxl_encode_jpeg(jpeg)))
    put("pixels_raw", "grey", frame(MONOCHROME2, BITS8, grey.tobytes()))
    put("pixels_raw", "palette", frame(PALETTE, BITS8, (grey % 3).tobytes()))
    put("pixels_raw", "ybr422", frame(YBR_422, BITS8, np.repeat(grey, 2).tobytes()))
    put("pixels_raw", "planar", frame(RGB | PLANAR, BITS8, b"".join(planes)))
    put("pixels_raw", "big", frame(MONOCHROME2 | BIG, BITS12, deep.astype(">u2").tobytes()))
    put("pixels_raw", "bigwords", frame(RGB | BIG_WORDS, BITS8, rgb.tobytes()))
    return grey, rgb


def element(group, number, vr, value, explicit=True, order="<"):
    if len(value) % 2:
        value += b"\0" if vr in (b"UI", b"OB") else b" "
    tag = struct.pack(order + "HH", group, number)
    if not explicit:
        return tag + struct.pack(order + "I", len(value)) + value
    if vr in (b"OB", b"OW", b"SQ", b"UN"):
        return tag + vr + struct.pack(order + "HI", 0, len(value)) + value
    return tag + vr + struct.pack(order + "H", len(value)) + value


def region(explicit, order):
    us, ul, fd = (lambda v: struct.pack(order + "H", v)), (lambda v: struct.pack(order + "I", v)), (lambda v: struct.pack(order + "d", v))
    rows = [(0x6012, b"US", us(1)), (0x6014, b"US", us(1)), (0x6018, b"UL", ul(1)), (0x601A, b"UL", ul(1)), (0x601C, b"UL", ul(14)), (0x601E, b"UL", ul(10)),
            (0x6024, b"US", us(3)), (0x6026, b"US", us(3)), (0x602C, b"FD", fd(0.01)), (0x602E, b"FD", fd(-0.01))]
    return b"".join(element(0x0018, number, vr, value, explicit, order) for number, vr, value in rows)


def file(syntax, pixels, photometric, samples, frames=1, explicit=True, order="<", undefined=False):
    us = lambda v: struct.pack(order + "H", v)
    add = lambda *row: element(*row, explicit, order)
    body = add(0x0008, 0x0060, b"CS", b"US")
    items = region(explicit, order)
    if undefined:  # sequence and item of undefined length
        item = struct.pack(order + "HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + items + struct.pack(order + "HHI", 0xFFFE, 0xE00D, 0)
        end = struct.pack(order + "HHI", 0xFFFE, 0xE0DD, 0)
        head = struct.pack(order + "HH", 0x0018, 0x6011) + (b"SQ\0\0" if explicit else b"") + b"\xff\xff\xff\xff"
        regions = head + item + end
    else:
        item = struct.pack(order + "HHI", 0xFFFE, 0xE000, len(items)) + items
        regions = add(0x0018, 0x6011, b"SQ", item)
    body += add(0x0018, 0x1063, b"DS", b"33.3")
    body += regions
    body += add(0x0028, 0x0002, b"US", us(samples)) + add(0x0028, 0x0004, b"CS", photometric)
    body += add(0x0028, 0x0006, b"US", us(0)) + add(0x0028, 0x0008, b"IS", str(frames).encode())
    body += add(0x0028, 0x0010, b"US", us(ROWS)) + add(0x0028, 0x0011, b"US", us(COLUMNS))
    body += add(0x0028, 0x0100, b"US", us(8)) + add(0x0028, 0x0101, b"US", us(8)) + add(0x0028, 0x0102, b"US", us(7)) + add(0x0028, 0x0103, b"US", us(0))
    if photometric == b"PALETTE COLOR":
        for channel in range(3):
            body += add(0x0028, 0x1101 + channel, b"US", us(4) + us(0) + us(16))
        for channel in range(3):
            body += add(0x0028, 0x1201 + channel, b"OW", b"".join(us((channel + 1) * 9000 * i % 65536) for i in range(4)))
    if isinstance(pixels, list):
        item = lambda value: struct.pack("<HHI", 0xFFFE, 0xE000, len(value) + len(value) % 2) + value + b"\0" * (len(value) % 2)
        body += struct.pack("<HH", 0x7FE0, 0x0010) + b"OB\0\0\xff\xff\xff\xff" + item(b"") + b"".join(map(item, pixels)) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    else:
        if order == ">":  # words of two samples, turned around (PS3.5 8.1.1)
            pixels = np.frombuffer(pixels, "<u2").astype(">u2").tobytes()
        body += add(0x7FE0, 0x0010, b"OW", pixels)
    if syntax == b"1.2.840.10008.1.2.1.99":
        deflate = zlib.compressobj(wbits=-15)
        body = deflate.compress(body) + deflate.flush()
    meta = element(0x0002, 0x0010, b"UI", syntax)
    return b"\0" * 128 + b"DICM" + element(0x0002, 0x0000, b"UL", struct.pack("<I", len(meta))) + meta + body


def file_seeds(grey, rgb):
    native = [
        ("explicit", file(b"1.2.840.10008.1.2.1", rgb.tobytes() * 2, b"RGB", 3, frames=2, undefined=True)),
        ("implicit", file(b"1.2.840.10008.1.2", grey.tobytes(), b"MONOCHROME2", 1, explicit=False, undefined=True)),
        ("big", file(b"1.2.840.10008.1.2.2", (grey % 4).tobytes(), b"PALETTE COLOR", 1, order=">")),
        ("deflated", file(b"1.2.840.10008.1.2.1.99", grey.tobytes(), b"MONOCHROME1", 1)),
        ("rle", file(b"1.2.840.10008.1.2.5", [rle([grey.tobytes()])] * 2, b"MONOCHROME2", 1, frames=2)),
        ("jpeg", file(b"1.2.840.10008.1.2.4.50", [imagecodecs.jpeg8_encode(rgb, level=60)], b"YBR_FULL_422", 3)),
        ("jpegls", file(b"1.2.840.10008.1.2.4.80", [imagecodecs.jpegls_encode(grey)], b"MONOCHROME2", 1)),
        ("jpegxl", file(b"1.2.840.10008.1.2.4.110", [imagecodecs.jpegxl_encode(rgb, lossless=True)], b"RGB", 3)),
    ]
    for name, data in native:
        put("dicom_read", name, data)
        if name not in ("jpeg", "jpegls", "jpegxl"):
            put("dicom_scan", name, data)


def still_seeds(grey, rgb):
    grey, rgb = np.tile(grey, (6, 4)), np.tile(rgb, (6, 4, 1))
    put("still", "grey.png", imagecodecs.png_encode(grey))
    put("still", "rgb.png", imagecodecs.png_encode(rgb))
    put("still", "alpha.png", imagecodecs.png_encode(np.concatenate([rgb, rgb[..., :1]], axis=-1)))
    put("still", "deep.png", imagecodecs.png_encode(grey.astype(np.uint16) * 257))
    put("still", "grey.jpg", imagecodecs.jpeg8_encode(grey, level=80))
    put("still", "rgb.jpg", imagecodecs.jpeg8_encode(rgb, level=80, subsampling="420"))


def onnx_seeds():
    """A graph with one tensor and one operator, field by field (onnx.proto3)."""
    varint = lambda v: bytes([v]) if v < 128 else bytes([v & 127 | 128]) + varint(v >> 7)
    number = lambda field, value: varint(field << 3) + varint(value)
    block = lambda field, value: varint(field << 3 | 2) + varint(len(value)) + value
    model = lambda graph: number(1, 8) + block(7, graph)
    ints = lambda name, values: block(5, block(1, name) + b"".join(number(8, value) for value in values) + number(20, 7))
    node = lambda attributes: block(1, block(1, b"x") + block(1, b"w") + block(2, b"y") + block(4, b"Conv") + attributes)
    tensor = lambda dims, rest: block(5, b"".join(number(1, axis) for axis in dims) + number(2, 1) + rest)
    values = block(8, b"w") + block(9, bytes(4 * 9))
    window = ints(b"kernel_shape", [3, 3]) + ints(b"pads", [1, 1, 1, 1])
    info = lambda name: block(1, name) + block(2, block(1, number(1, 1) + block(2, block(1, number(1, 1)))))
    put("onnx_scan", "conv", model(node(window) + tensor([1, 1, 3, 3], values) + block(11, info(b"x")) + block(12, info(b"y"))))
    put("onnx_scan", "packed", model(node(block(5, block(1, b"strides") + block(8, bytes([2, 2])) + number(20, 7)))))
    put("onnx_scan", "subgraph", model(node(block(5, block(1, b"then_branch") + block(6, node(window)) + number(20, 5)))))
    put("onnx_scan", "outside", model(tensor([3, 3], block(13, block(1, b"location") + block(2, b"w.bin")) + number(14, 1))))


def network_seeds():
    """PDUs (PS3.8 9.3), a command set (PS3.7 E.1) and the identifier of a query, field by field."""
    pad = lambda text: text + b"\0" * (len(text) % 2)
    item = lambda kind, value: struct.pack(">BxH", kind, len(value)) + value
    pdu = lambda kind, value: struct.pack(">BxI", kind, len(value)) + value
    context = lambda number, abstract, syntaxes: item(
        0x20, bytes([number, 0, 0, 0]) + item(0x30, abstract) + b"".join(item(0x40, syntax) for syntax in syntaxes)
    )
    us, verification = b"1.2.840.10008.5.1.4.1.1.6.1", b"1.2.840.10008.1.1"
    implicit, explicit = b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1"
    role = struct.pack(">H", len(us)) + us + b"\1\1"
    user = item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3") + item(0x54, role) + item(0x55, b"SEED")
    request = b"\0\1\0\0" + b"PEONY".ljust(16) + b"SENDER".ljust(16) + bytes(32) + item(0x10, b"1.2.840.10008.3.1.1.1")
    request += context(1, verification, [implicit]) + context(3, us, [explicit, implicit]) + item(0x50, user)
    of_group_0 = lambda element, value: struct.pack("<HHI", 0, element, len(value)) + value
    number = lambda element, value: of_group_0(element, struct.pack("<H", value))
    command = of_group_0(0x0002, pad(verification)) + number(0x0100, 0x0030) + number(0x0110, 1) + number(0x0800, 0x0101)
    command = of_group_0(0, struct.pack("<I", len(command))) + command
    value = lambda control, part: struct.pack(">IBB", len(part) + 2, 1, control) + part
    put("pdu", "request", pdu(1, request))
    put("pdu", "echo", pdu(4, value(3, command)) + pdu(5, bytes(4)))
    put("pdu", "parts", pdu(4, value(1, command[:20]) + value(3, command[20:])) + pdu(4, value(0, b"data")))
    put("pdu", "reject", pdu(3, b"\0\1\1\7") + pdu(7, b"\0\0\2\1"))
    put("command", "echo", command)
    step = element(0x0008, 0x0060, b"CS", b"US") + element(0x0040, 0x0002, b"DA", b"20261126")
    steps = struct.pack("<HHI", 0xFFFE, 0xE000, len(step)) + step
    query = element(0x0008, 0x0005, b"CS", b"ISO_IR 192") + element(0x0008, 0x0052, b"CS", b"STUDY ")
    query += element(0x0010, 0x0010, b"PN", b"A^B ") + struct.pack("<HH2sxxI", 0x0040, 0x0100, b"SQ", len(steps)) + steps
    put("data_set", "explicit", query)
    put("data_set", "implicit", struct.pack("<HHI", 0x0008, 0x0052, 6) + b"STUDY " + struct.pack("<HHI", 0x0010, 0x0010, 0))


def web_seeds():
    """Bodies in parts (RFC 2046 5.1), whose first byte is how they are cut up; queries and media types (PS3.18 8.3, 8.7)."""
    part = lambda head, body: b"--b\r\n" + head + b"\r\n" + body + b"\r\n"
    dicom = b"Content-Type: application/dicom\r\n"
    put("multipart", "two", b"\x07" + part(dicom, b"one\r\n--a") + part(b"", b"") + b"--b--\r\n")
    put("multipart", "preamble", b"\x01before\r\n" + part(dicom, b"\r\n") + b"--b--after")
    put("qido", "keys", b"PatientName=WANG*&0020000D=1.2,1.3&includefield=all&fuzzymatching=true&limit=3&offset=1")
    put("qido", "accept", b'multipart/related; type="application/dicom"; transfer-syntax=*;q=0.5, */*')


if __name__ == "__main__":
    pictures_made = pixel_seeds()
    file_seeds(*pictures_made)
    still_seeds(*pictures_made)
    onnx_seeds()
    network_seeds()
    web_seeds()
