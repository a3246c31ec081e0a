"""Decode a DICOM file with pydicom and write its frames, eight bits, for the Rust test beside this file.

    python3 pydicom_reference.py FILE FOLDER

writes FOLDER/pixels.raw (all frames, grey or interleaved RGB) and prints one line: frames rows columns samples.
Exits with 3 where a package that it needs is missing.
"""

import sys
from pathlib import Path

try:
    import numpy as np
    import pydicom
    from pydicom.encaps import generate_frames
    from pydicom.pixels import apply_color_lut, pixel_array
except ImportError as missing:
    print(missing, file=sys.stderr)
    sys.exit(3)

JPEG_XL = {"1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.111", "1.2.840.10008.1.2.4.112"}


def decoded(dataset: pydicom.Dataset) -> np.ndarray:
    """Frames of `dataset` with colour as RGB: (frames, rows, columns[, 3])."""
    frames = int(dataset.get("NumberOfFrames", 1))
    if dataset.file_meta.TransferSyntaxUID in JPEG_XL:  # which pydicom does not decode
        import imagecodecs

        coded = generate_frames(dataset.PixelData, number_of_frames=frames)
        return np.stack([imagecodecs.jpegxl_decode(frame) for frame in coded])
    array = pixel_array(dataset)  # RGB where the file has YBR
    return array if frames > 1 else array[np.newaxis]


def grey8(array: np.ndarray, dataset: pydicom.Dataset) -> np.ndarray:
    """The first window of the file, or the range of the stored bits, spread over eight bits (PS3.3 C.11.2.1.2)."""
    value = array.astype(np.float64)
    value = value * float(dataset.get("RescaleSlope", 1)) + float(dataset.get("RescaleIntercept", 0))
    if "WindowCenter" in dataset:
        first = lambda v: float(v[0] if isinstance(v, pydicom.multival.MultiValue) else v)
        center, width = first(dataset.WindowCenter), first(dataset.WindowWidth)
        function = dataset.get("VOILUTFunction", "LINEAR")
        if function == "SIGMOID":
            level = 255 / (1 + np.exp(-4 * (value - center) / width))
        elif function == "LINEAR_EXACT":
            level = ((value - center) / width + 0.5) * 255
        else:
            level = ((value - (center - 0.5)) / (width - 1) + 0.5) * 255
    else:
        level = value * 255 / (2**dataset.BitsStored - 1)
    level = np.floor(np.clip(level, 0, 255) + 0.5).astype(np.uint8)
    return 255 - level if dataset.PhotometricInterpretation == "MONOCHROME1" else level


def main() -> None:
    file, folder = sys.argv[1:]
    dataset = pydicom.dcmread(file)
    array = decoded(dataset)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        array = apply_color_lut(array, dataset)
        if array.dtype == np.uint16:
            array = (array >> 8).astype(np.uint8)
    elif dataset.SamplesPerPixel == 1:
        array = grey8(array, dataset)
    assert array.dtype == np.uint8, array.dtype
    Path(folder, "pixels.raw").write_bytes(np.ascontiguousarray(array).tobytes())
    print(*array.shape[:3], array.shape[3] if array.ndim == 4 else 1)


if __name__ == "__main__":
    main()
