"""A small client: sends frames to a running Peony as a capturing page does, and reads what it says.

    peony serve --data exams --open
    python docs/peony_client.py frames/ --report report.pdf

Speaks version 1 of the capture socket and version 2 of the live socket in API.md. Needs `websockets` and `pillow`.
"""

import argparse
import itertools
import json
import struct
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from websockets.sync.client import connect

HEADER = struct.Struct("<IIQHHI")  # sequence, flags, timestamp in µs, width, height, length of what follows


def frames_of(folder: Path) -> Iterator[Image.Image]:
    """The pictures of a folder in the order of their names, as luma."""
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in {".png", ".jpg", ".jpeg"}:
            with Image.open(path) as picture:
                yield picture.convert("L")


def ask(base: str, path: str, body: object = None) -> bytes:
    """One HTTP request; with a body it is a POST."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def send_frames(base: str, exam: str, frames: Iterator[Image.Image], rate: float) -> int:
    """Send every frame at its time, two under way at most; gives how many were taken."""
    first = next(frames)
    announcement = {
        "peony_capture": 1,
        "width": first.width,
        "height": first.height,
        "format": "luma8",
        "range": "full",
        "frame_rate": rate,
        "source": "file",
    }
    taken = under_way = 0
    # A capture socket sends no Origin and compresses nothing: it is as local as a page.
    with connect(f"{base.replace('http', 'ws')}/capture?exam={exam}", compression=None) as socket:
        socket.send(json.dumps(announcement))
        answer = json.loads(socket.recv())
        if not answer.get("capturing"):
            raise SystemExit(f"not captured: {answer}")
        began = time.monotonic()
        for sequence, frame in enumerate(itertools.chain([first], frames)):
            time.sleep(max(0.0, began + sequence / rate - time.monotonic()))
            while under_way >= answer["in_flight"]:
                said = json.loads(socket.recv())
                if "error" in said:
                    raise SystemExit(f"refused: {said['message']}")
                taken += "taken" in said
                under_way -= 1
            luma = frame.tobytes()
            stamp = time.time_ns() // 1000
            socket.send(HEADER.pack(sequence, 0, stamp, frame.width, frame.height, len(luma)) + luma)
            under_way += 1
        for _ in range(under_way):
            taken += "taken" in json.loads(socket.recv())
    return taken


def watch(base: str, exam: str, stop: threading.Event) -> None:
    """Print each lesion as it is confirmed."""
    known: set[str] = set()
    with connect(f"{base.replace('http', 'ws')}/live?exam={exam}", compression=None, max_size=None) as socket:
        hello = json.loads(socket.recv())
        model = hello["model"] or {"name": "no model", "version": "", "engine": hello["no_model"]}
        print(f"{hello['product']} {hello['version']}: {model['name']} {model['version']} on {model['engine']}")
        while not stop.is_set():
            try:
                message = socket.recv(timeout=0.2)
            except TimeoutError:
                continue
            if isinstance(message, str):
                continue
            (length,) = struct.unpack_from("<I", message)
            update = json.loads(message[4 : 4 + length])
            socket.send(json.dumps({"drawn": update["frame"]}))
            for track in update["tracks"]:
                if track["letter"] and track["letter"] not in known:
                    known.add(track["letter"])
                    print(f"frame {update['frame']}: lesion {track['letter']}, BI-RADS {track['birads'] or '–'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frames", type=Path, help="a folder of PNG or JPEG pictures")
    parser.add_argument("--base", default="http://127.0.0.1:8686")
    parser.add_argument("--rate", type=float, default=30.0, help="frames a second")
    parser.add_argument("--report", type=Path, help="where to save the report as PDF")
    parser.add_argument("--lang", choices=["en", "zh"], default="en")
    options = parser.parse_args()
    exam = json.loads(ask(options.base, "/api/exams", {"source": "capture"}))["id"]
    stop = threading.Event()
    watcher = threading.Thread(target=watch, args=(options.base, exam, stop))
    watcher.start()
    try:
        taken = send_frames(options.base, exam, frames_of(options.frames), options.rate)
    finally:
        time.sleep(1.0)  # what is said of the last frames is on the disk within a second
        stop.set()
        watcher.join()
    report = json.loads(ask(options.base, f"/api/exams/{exam}/report"))
    print(f"{taken} frames taken, {len(report['report']['lesions'])} lesions, {len(report['obstacles'])} things to do")
    if options.report:
        options.report.write_bytes(ask(options.base, f"/api/exams/{exam}/report.pdf?lang={options.lang}"))
        print(f"written: {options.report}")


if __name__ == "__main__":
    main()
