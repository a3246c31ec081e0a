"""A small client: sends frames to a running Peony as a capturing page does, and reads what it says.

    peony serve --data exams --open
    python docs/peony_client.py frames/ --report report.pdf

Speaks version 1 of the capture socket and version 2 of the live socket in API.md. Needs `websockets` and `pillow`.
What cannot be done is one line and exit code 1.
"""

import argparse
import itertools
import json
import struct
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

try:
    from PIL import Image
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect
except ImportError as missing:
    sys.exit(f"{missing.name} is missing: pip install 'websockets>=13' 'pillow>=10'")

HEADER = struct.Struct("<IIQHHI")  # sequence, flags, timestamp in µs, width, height, length of what follows


class Refused(Exception):
    """Why it cannot be done, in one line."""


def pictures_in(folder: Path) -> list[Path]:
    """The picture files of a folder in the order of their names."""
    found = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in {".png", ".jpg", ".jpeg"}]
    if not found:
        raise Refused(f"{folder}: no PNG or JPEG picture in this folder")
    return found


def frames_of(paths: list[Path]) -> Iterator[Image.Image]:
    """The pictures of these files, as luma."""
    for path in paths:
        with Image.open(path) as picture:
            yield picture.convert("L")


def ask(base: str, path: str, body: object = None) -> bytes:
    """One HTTP request; with a body it is a POST."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        raise Refused(f"{base} refuses {path}: {error.code}, {said_in(error.read()) or error.reason}") from error
    except urllib.error.URLError as error:
        raise Refused(f"{base}: no answer ({error.reason}). Does `peony serve` run there?") from error


def ask_json(base: str, path: str, body: object = None) -> dict:
    """One HTTP request whose answer is JSON."""
    try:
        return json.loads(ask(base, path, body))
    except ValueError as error:
        raise Refused(f"{base}: what answers {path} is not Peony") from error


def said_in(body: bytes) -> str:
    """What an answer says of why there is no other: every refusal is JSON with an `error`."""
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return ""


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
            raise Refused(f"not captured: {answer.get('message', answer)}")
        began = time.monotonic()
        for sequence, frame in enumerate(itertools.chain([first], frames)):
            time.sleep(max(0.0, began + sequence / rate - time.monotonic()))
            while under_way >= answer["in_flight"]:
                said = json.loads(socket.recv())
                if "error" in said:
                    raise Refused(f"refused: {said['message']}")
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


def examine(options: argparse.Namespace) -> None:
    """Begin an examination, send the pictures, and say what became of it."""
    frames = frames_of(pictures_in(options.frames))
    exam = ask_json(options.base, "/api/exams", {"source": "capture"})["id"]
    stop = threading.Event()
    with ThreadPoolExecutor(max_workers=1) as pool:
        watching = pool.submit(watch, options.base, exam, stop)
        try:
            taken = send_frames(options.base, exam, frames, options.rate)
            time.sleep(1.0)  # what is said of the last frames is on the disk within a second
        finally:
            stop.set()
        watching.result()  # what went wrong there is said here
    report = ask_json(options.base, f"/api/exams/{exam}/report")
    print(f"{taken} frames taken, {len(report['report']['lesions'])} lesions, {len(report['obstacles'])} things to do")
    if options.report:
        options.report.write_bytes(ask(options.base, f"/api/exams/{exam}/report.pdf?lang={options.lang}"))
        print(f"written: {options.report}")


def rate(said: str) -> float:
    if not 0 < float(said) <= 1000:
        raise argparse.ArgumentTypeError("it is more than 0 and at most 1000")
    return float(said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frames", type=Path, help="a folder of PNG or JPEG pictures")
    parser.add_argument("--base", default="http://127.0.0.1:8686")
    parser.add_argument("--rate", type=rate, default=30.0, help="frames a second")
    parser.add_argument("--report", type=Path, help="where to save the report as PDF")
    parser.add_argument("--lang", choices=["en", "zh"], default="en")
    try:
        examine(parser.parse_args())
    except Refused as refused:
        sys.exit(str(refused))
    except (OSError, ValueError, WebSocketException) as error:
        sys.exit(" ".join(f"{type(error).__name__}: {error}".split()))


if __name__ == "__main__":
    main()
