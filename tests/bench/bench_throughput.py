"""How fast mail is taken in: `poll --once` beside a naive and a batched loop, in the same run.

    python -m tests.bench.bench_throughput [--mails 10000] [--rounds 3] [--corpus DIR]

Every contestant reads the same folder of the same Dovecot over plain loopback, in a process of its
own, taking turns; what counts is the ratio to the batched loop. `--corpus` takes the `.eml` files
below a folder in place of invented mails.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # run as a file, the tests are not importable before this

# ruff: noqa: E402 - for the reason above
from tests.bench import loops, ours
from tests.bench.corpus import mails
from tests.bench.loops import Run
from tests.servers.dovecot import Dovecot
from tests.servers.loopback import open_directory

CONTESTANTS = ("ours", "batched", "naive")
BAR = 1.5  # wall time over the batched loop's
USER = "bench"


def main() -> None:
    """Measure, and print the table."""
    wanted = _wanted()
    if wanted.run:
        print(json.dumps(asdict(_one(wanted))))
        return
    with open_directory("bench") as directory:
        server = Dovecot(directory)
        server.start()
        try:
            number = server.fill(USER, "INBOX", _corpus(wanted))
            print(f"{number} mails, {wanted.rounds} rounds, {os.cpu_count()} cores", flush=True)
            _report(_rounds(wanted, server))
        finally:
            server.stop()


def _wanted() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--without", choices=CONTESTANTS, action="append", default=[])
    parser.add_argument("--run", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--password", help=argparse.SUPPRESS)
    return parser.parse_args()


def _corpus(wanted: argparse.Namespace) -> Iterator[bytes]:
    if wanted.corpus is None:
        yield from mails(wanted.mails)
        return
    for path in sorted(wanted.corpus.rglob("*.eml"))[: wanted.mails]:
        yield path.read_bytes()


def _rounds(wanted: argparse.Namespace, server: Dovecot) -> dict[str, list[Run]]:
    names = [name for name in CONTESTANTS if name not in wanted.without]
    runs: dict[str, list[Run]] = {name: [] for name in names}
    for _ in range(wanted.rounds):
        for name in names:
            runs[name].append(_apart(name, server))
            done = runs[name][-1]
            print(f"  {name:8} {done.wall:6.2f} s, CPU {done.cpu:6.2f} s", flush=True)
    return runs


def _apart(name: str, server: Dovecot) -> Run:
    """Run one contestant in a process of its own, so that none inherits another's memory."""
    command = [sys.executable, __file__, "--run", name]
    command += ["--port", str(server.port), "--password", server.password]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def _one(wanted: argparse.Namespace) -> Run:
    with open_directory("bench-run") as folder:
        if wanted.run == "ours":
            return ours.run(wanted.port, USER, wanted.password, folder)
        way = loops.WAYS[wanted.run]
        return loops.run(way, wanted.port, USER, wanted.password, folder)


def _report(runs: dict[str, list[Run]]) -> None:
    wall = {name: median(run.wall for run in done) for name, done in runs.items()}
    cpu = {name: median(run.cpu for run in done) for name, done in runs.items()}
    base = "batched" if "batched" in wall else "ours"
    number = runs["ours"][0].mails
    print(f"\n{'':10}{'wall s':>8}{'mails/s':>9}{'x batched':>11}{'CPU ms/mail':>13}{'x':>6}")
    for name in runs:
        print(
            f"{name:10}{wall[name]:8.2f}{number / wall[name]:9.0f}{wall[name] / wall[base]:11.2f}"
            f"{cpu[name] / number * 1e3:13.3f}{cpu[name] / cpu[base]:6.2f}"
        )
    for name, done in runs.items():
        parts = {part: median(run.parts[part] for run in done) for part in done[0].parts}
        start_up = parts.pop("start-up", None)
        words = ", ".join(f"{part} {s / number * 1e3:.3f}" for part, s in parts.items())
        print(f"{name}: ms of a core per mail: {words}")
        if start_up is not None:
            print(f"{name}: start-up, not in the above: {start_up:.2f} s")
    ratios = [ours.wall / peer.wall for ours, peer in zip(runs["ours"], runs[base], strict=True)]
    print(f"ours over batched, round by round: {', '.join(f'{one:.2f}' for one in ratios)}")
    print(f"bar {BAR}: {'held' if median(ratios) <= BAR else 'NOT held'}")


if __name__ == "__main__":
    main()
