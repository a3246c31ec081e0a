"""An OpenIGTLink server that sends pictures of every kind that pyigtl knows: `pyigtl_server.py PORT`.

Once a client is there it sends seven messages and then a picture every 40 ms until it is killed.
"""

import sys
import time

import numpy as np
import pyigtl


def levels(number, dtype=np.uint8, slices=1, components=None):
    """Level n of the picture is (7 x + 13 y + 29 z + 3 number) % 256, and 16 times that where there are 16 bits."""
    z, y, x = np.mgrid[:slices, :120, :160]
    grey = (7 * x + 13 * y + 29 * z + 3 * number) % 256
    if dtype != np.uint8:
        grey = grey * 16
    if components:
        grey = np.stack([(grey + 50 * c) % 256 for c in range(components)], axis=-1)
    return grey.astype(dtype)


def image(number, **kind):
    matrix = np.diag([0.25, 0.5, 1.0, 1.0])
    return pyigtl.ImageMessage(
        levels(number, **kind), device_name="Probe", timestamp=1_700_000_000 + number / 25, ijk_to_world_matrix=matrix
    )


def messages():
    yield image(0)
    yield pyigtl.TransformMessage(np.eye(4), device_name="ProbeToTracker")
    with_metadata = image(1)
    with_metadata.header_version = 2
    with_metadata.metadata = {"Depth": "40", "Gain": "60"}
    yield with_metadata
    yield pyigtl.StringMessage("frozen", device_name="Machine")
    yield image(2, components=3)
    yield image(3, dtype=np.uint16)
    yield image(4, slices=3)


def main():
    server = pyigtl.OpenIGTLinkServer(port=int(sys.argv[1]))
    while not server.is_connected():
        time.sleep(0.005)
    for message in messages():
        server.send_message(message, wait=True)
    number = 5
    while True:
        server.send_message(image(number), wait=True)
        number += 1
        time.sleep(0.04)


if __name__ == "__main__":
    main()
