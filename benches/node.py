"""Peony's node beside Orthanc on one machine, in one run: what each takes in over C-STORE, how soon it lists studies and hands out one frame, and
its memory.

    cargo build --release -p peony -p peony-node --example load --bins
    python benches/node.py --peony target/release/peony --load target/release/examples/load \\
        --orthanc /usr/sbin/Orthanc --dicomweb /usr/share/orthanc/plugins/libOrthancDicomWeb.so

What is sent lies in memory: ext4 goes round inodes of files that were just deleted, which would slow whoever makes files next.
`load` sends from memory too; without it DCMTK's storescu does, a process for each association (TCP_NODELAY on both ends). Every object is new. The two take turns in every round, and the table holds the median of the rounds with the
least and the most. Studies are asked over DICOMweb; a frame of Orthanc's is asked over its own API. Objects are
made here and show nothing. Needs pydicom, numpy and pillow.
"""

import argparse
import contextlib
import http.client
import io
import json
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit

US, US_MULTI, MG = "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.3.1", "1.2.840.10008.5.1.4.1.1.1.2"
ROOT = "2.25.999"
# Numbers of one length, so that one object is made and its UIDs are written over.
DIGITS = 12
ANYTHING = "9" * DIGITS


def uid(kind: int, number: int | None) -> str:
    return f"{ROOT}.{kind}.{ANYTHING if number is None else 100_000_000_000 + number}"


def made(sop_class: str, rows: int, columns: int, frames: int = 1) -> bytes:
    """An object whose UIDs, name and identifier are `ANYTHING`."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = sop_class
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = uid(3, None)
    data.StudyInstanceUID, data.SeriesInstanceUID = uid(1, None), uid(2, None)
    data.PatientID, data.PatientName = ANYTHING, f"Bench^{ANYTHING}"
    data.StudyDate, data.StudyTime, data.AccessionNumber = "20260501", "101500", ANYTHING
    data.Modality = "MG" if sop_class == MG else "US"
    data.StudyID, data.SeriesNumber, data.InstanceNumber = "1", 1, 1
    data.Rows, data.Columns, data.SamplesPerPixel = rows, columns, 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
    pixels = np.random.default_rng(1).integers(0, 256, rows * columns, dtype=np.uint8).tobytes()
    if frames == 1:
        data.PixelData = pixels
    else:
        # Noise half as wide, so that a frame is some 60 KB as those of ultrasound are.
        half = Image.frombytes("L", (columns // 2, rows), pixels[: rows * columns // 2]).resize((columns, rows))
        jpeg = io.BytesIO()
        half.save(jpeg, "JPEG", quality=60)
        data.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
        data.NumberOfFrames, data.FrameTime = frames, 33.3
        data.PixelData = encapsulate([jpeg.getvalue() for _ in range(frames)])
        data["PixelData"].is_undefined_length = True
    buffer = DicomBytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


class Numbers:
    """Every object and every study is new."""

    def __init__(self) -> None:
        self.next = 0

    def write(self, template: bytes, folder: Path, count: int) -> None:
        folder.mkdir(parents=True)
        for _ in range(count):
            body = template.replace(ANYTHING.encode(), str(100_000_000_000 + self.next).encode())
            (folder / f"{self.next}.dcm").write_bytes(body)
            self.next += 1


class Server:
    def __init__(self, name: str, command: list[str], dicom: int, aet: str, http_port: int, studies: str) -> None:
        self.name, self.dicom, self.aet, self.http_port, self.studies = name, dicom, aet, http_port, studies
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while subprocess.run(["echoscu", "-aec", aet, "127.0.0.1", str(dicom)], capture_output=True).returncode != 0:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit(f"{name} does not answer")
            time.sleep(0.2)

    def memory_mb(self, what: str) -> float:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1000

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()


def send(server: Server, folders: list[Path], load: Path | None, *proposed: str) -> float:
    """Seconds until all of it is acknowledged, an association for each folder."""
    if load:
        said = subprocess.run([load, f"127.0.0.1:{server.dicom}", server.aet, *folders], capture_output=True, text=True, check=True)
        return float(said.stdout)
    environment = {**os.environ, "TCP_NODELAY": "1"}
    began = time.monotonic()
    command = ["storescu", "-aec", server.aet, "127.0.0.1", str(server.dicom), *proposed, "+sd"]
    senders = [subprocess.Popen([*command, str(folder)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for folder in folders]
    for sender in senders:
        said = sender.communicate()[1]
        if sender.returncode != 0:
            raise SystemExit(f"{server.name}: {said.decode()[-300:]}")
    return time.monotonic() - began


def ask(server: Server, paths: list[str], connections: int, seconds: float, accept: str) -> list[float]:
    """Milliseconds of each answer, over connections that stay open."""
    took: list[float] = []
    faults: list[str] = []
    end = time.monotonic() + seconds

    def one(seed: int) -> None:
        chooses = random.Random(seed)
        connection = http.client.HTTPConnection("127.0.0.1", server.http_port)
        while time.monotonic() < end and not faults:
            began = time.monotonic()
            connection.request("GET", chooses.choice(paths), headers={"Accept": accept})
            answer = connection.getresponse()
            body = answer.read()
            took.append((time.monotonic() - began) * 1e3)
            if answer.status != 200 or not body:
                faults.append(f"{server.name}: {answer.status} {body[:200]!r}")

    threads = [threading.Thread(target=one, args=(seed,)) for seed in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise SystemExit(faults[0])
    return sorted(took)


def frames_of(server: Server, number: int) -> list[str]:
    """Where each frame of the cine is had as it was sent."""
    if server.name == "Orthanc":
        connection = http.client.HTTPConnection("127.0.0.1", server.http_port)
        connection.request("POST", "/tools/lookup", uid(3, number))
        instance = json.loads(connection.getresponse().read())[0]["Path"]
        return [f"{instance}/frames/{frame}/raw" for frame in range(300)]
    place = f"{server.studies}/{uid(1, number)}/series/{uid(2, number)}/instances/{uid(3, number)}"
    return [f"{place}/frames/{frame}" for frame in range(1, 301)]


def of_rounds(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f}–{max(values):.1f})"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--peony", required=True, type=Path)
    arguments.add_argument("--orthanc", type=Path, help="without it Peony is measured alone")
    arguments.add_argument("--dicomweb", help="Orthanc's DICOMweb plugin")
    arguments.add_argument("--load", type=Path, help="the sender; without it DCMTK's storescu sends")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=float, default=5, help="for each question")
    arguments.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()), help="where both keep what they receive")
    arguments.add_argument("--send-from", type=Path, default=Path("/dev/shm"), help="another disk or memory, see above")
    options = arguments.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="node-bench-", dir=options.work)))
        sends = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="node-bench-", dir=options.send_from)))
        peony = [str(options.peony), "serve", "--data", str(folder / "peony"), "--open", "--http", "127.0.0.1:18686"]
        peony += ["--dicom", "127.0.0.1:11212", "--aet", "PEONY"]
        servers = [Server("Peony", peony, 11212, "PEONY", 18686, "/dicomweb/studies")]
        stack.callback(servers[0].stop)
        if options.orthanc:
            configuration = {
                "Name": "bench",
                "StorageDirectory": str(folder / "orthanc"),
                "IndexDirectory": str(folder / "orthanc"),
                "HttpPort": 18042,
                "DicomPort": 14242,
                "DicomAet": "ORTHANC",
                "DicomAlwaysAllowStore": True,
                "RemoteAccessAllowed": False,
                "KeepAlive": True,
                "TcpNoDelay": True,
                "HttpThreadsCount": 50,
                "Plugins": [options.dicomweb] if options.dicomweb else [],
            }
            (folder / "orthanc.json").write_text(json.dumps(configuration))
            environment = [str(options.orthanc), str(folder / "orthanc.json")]
            servers.append(Server("Orthanc", ["env", "TCP_NODELAY=1", *environment], 14242, "ORTHANC", 18042, "/dicom-web/studies"))
            stack.callback(servers[1].stop)
        measure(servers, sends, options)


def measure(servers: list[Server], sends: Path, options: argparse.Namespace) -> None:
    numbers = Numbers()
    still, mammogram = made(US, 480, 548), made(MG, 4608, 3690)
    rows: list[tuple[str, dict[str, list[float]]]] = []
    for what, template, associations, each in (
        ("ultrasound still, 1 association, a second", still, 1, 600),
        ("ultrasound still, 8 associations, a second", still, 8, 200),
        ("mammogram, 1 association, MB/s", mammogram, 1, 12),
        ("mammogram, 8 associations, MB/s", mammogram, 8, 4),
    ):
        figures: dict[str, list[float]] = {server.name: [] for server in servers}
        for _ in range(options.rounds):
            for server in servers:
                folders = [sends / "send" / str(number) for number in range(associations)]
                for each_folder in folders:
                    numbers.write(template, each_folder, each)
                took = send(server, folders, options.load)
                count = associations * each
                figures[server.name].append(count * len(template) / 1e6 / took if "MB" in what else count / took)
                shutil.rmtree(sends / "send")
        rows.append((what, figures))
        table_row(what, servers, figures)
    for server in servers:
        print(f"| largest memory while receiving, MB: {server.name} | {server.memory_mb('VmHWM'):.0f} |", flush=True)
    cine = made(US_MULTI, 480, 640, 300)
    at = {}
    for server in servers:
        numbers.write(cine, sends / "cine", 1)
        number = numbers.next - 1
        send(server, [sends / "cine"], None, "-xy")
        shutil.rmtree(sends / "cine")
        at[server.name] = frames_of(server, number)
    for connections in (1, 8):
        for what, paths, accept in (
            ("100 studies", lambda server: [f"{server.studies}?limit=100"], "application/dicom+json"),
            (
                "random frame of 300",
                lambda server: at[server.name],
                'multipart/related; type="image/jpeg"',
            ),
        ):
            p50: dict[str, list[float]] = {server.name: [] for server in servers}
            p99: dict[str, list[float]] = {server.name: [] for server in servers}
            for _ in range(options.rounds):
                for server in servers:
                    took = ask(server, paths(server), connections, options.seconds, accept)
                    p50[server.name].append(took[len(took) // 2])
                    p99[server.name].append(took[min(len(took) - 1, len(took) * 99 // 100)])
            table_row(f"{what}, {connections} connections, p50 ms", servers, p50)
            table_row(f"{what}, {connections} connections, p99 ms", servers, p99)
    for server in servers:
        print(f"| memory at the end, MB: {server.name} | {server.memory_mb('VmRSS'):.0f} |", flush=True)


def table_row(what: str, servers: list[Server], figures: dict[str, list[float]]) -> None:
    cells = [of_rounds(figures[server.name]) for server in servers]
    if len(servers) == 2:
        ratios = [ours / theirs for ours, theirs in zip(*(figures[server.name] for server in servers), strict=True)]
        cells.append(f"ratio {statistics.median(ratios):.2f}")
    print(f"| {what} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
