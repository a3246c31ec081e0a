"""How soon studies are found over DICOMweb in an index of a million of them.

    cargo build --release -p peony
    target/release/peony bench store --data DIR --studies 1000000 --keep
    python benches/qido.py --peony target/release/peony --data DIR/peony-bench-…

Each question is asked again and again for some other patient, day or name, over 1 and over 8 connections that stay open. Milliseconds.
"""

import argparse
import contextlib
import random
import subprocess
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

from node import ask, of_rounds

# As `peony_store::made_up` has them: each of these with each of those.
SURNAMES = "WANG LI ZHANG LIU CHEN YANG HUANG ZHAO WU ZHOU XU SUN MA ZHU HU GUO HE LIN GAO LUO ZHENG LIANG XIE SONG".split()
GIVEN = "FANG LI NA MIN JING YAN JUAN XIA HONG MEI LAN PING GUI YU SHAN TING".split()
QUESTIONS = {
    "patient": lambda any, studies: f"PatientID=P{any.randrange(studies // 2):08}",
    "date": lambda any, _: f"StudyDate={any.randrange(2006, 2026)}{any.randrange(1, 13):02}{any.randrange(1, 29):02}",
    "name prefix": lambda any, _: f"PatientName={quote(f'{any.choice(SURNAMES)}^{any.choice(GIVEN)[:2]}*')}",
    "two words of a name": lambda any, _: f"PatientName={quote(f'{any.choice(SURNAMES)} {any.choice(GIVEN)}')}&fuzzymatching=true",
    "accession": lambda any, studies: f"AccessionNumber=A{any.randrange(studies):09}",
    "the newest 100": lambda _any, _: "",
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--peony", required=True, type=Path)
    arguments.add_argument("--data", required=True, type=Path)
    arguments.add_argument("--studies", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=float, default=5)
    options = arguments.parse_args()
    port = 18687
    with contextlib.ExitStack() as stack:
        serve = [str(options.peony), "serve", "--open", "--no-model", "--http", f"127.0.0.1:{port}", "--data", str(options.data)]
        process = stack.enter_context(subprocess.Popen(serve, stdout=subprocess.DEVNULL))
        stack.callback(process.terminate)
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/ready").read()
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise SystemExit("peony does not answer") from None
                time.sleep(0.2)
        server = SimpleNamespace(name="Peony", http_port=port)
        print("| asked for | connections | p50 | p99 |\n|---|---|---|---|", flush=True)
        for what, question in QUESTIONS.items():
            for connections in (1, 8):
                p50, p99 = [], []
                for turn in range(options.rounds):
                    chooses = random.Random(turn)
                    paths = [f"/dicomweb/studies?limit=100&{question(chooses, options.studies)}" for _ in range(5000)]
                    took = ask(server, paths, connections, options.seconds, "application/dicom+json")
                    p50.append(took[len(took) // 2])
                    p99.append(took[min(len(took) - 1, len(took) * 99 // 100)])
                print(f"| {what} | {connections} | {of_rounds(p50)} | {of_rounds(p99)} |", flush=True)
        status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        print(f"{next(int(line.split()[1]) for line in status if line.startswith('VmRSS')) / 1000:.0f} MB resident at the end")


if __name__ == "__main__":
    main()
