"""What `compare` finds and what it claims falsely, on simulated runs, and what a large file takes.

    PYTHONPATH=. python benchmarks/compare.py [ROUNDS]

The tables are those of docs/compare.md; a thousand rounds take some twenty minutes on one core. The noise is that of
tests/compare/simulated.py, which says where it was measured.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from fi_bump.compare import junit
from fi_bump.compare.cases import CaseResult
from fi_bump.compare.comparison import compare
from fi_bump.compare.infrastructure import known
from fi_bump.compare.times import Basis, Limits
from fi_bump.compare.times import compare as compare_times
from tests.compare.simulated import CROWDED, FATES, MEASURED, NoiseModel, planted, timed

CASES = 500
SLOWED = 20


class Setting(NamedTuple):
    """One row of the table: the runs on each side, by how much some cases are slower, and the noise."""

    before: int
    after: int
    factor: float
    model: NoiseModel
    name: str


SETTINGS = (
    Setting(3, 3, 2.0, MEASURED, "as measured"),
    Setting(3, 3, 1.7, MEASURED, "as measured"),
    Setting(7, 3, 2.0, MEASURED, "as measured"),
    Setting(5, 5, 2.0, MEASURED, "as measured"),
    Setting(3, 3, 2.0, CROWDED, "crowded"),
    Setting(7, 3, 3.0, CROWDED, "crowded"),
)


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--read"]:
        _read(sys.argv[2])
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    _times(rounds)
    _planted(min(rounds, 50))
    _large()


def _times(rounds: int) -> None:
    print(f"{rounds} rounds of {CASES} cases, {SLOWED} of them slower\n")
    print("| runs | noise | slower by | found | rounds with a false slower | with a false faster | seconds a round |")
    print("|---|---|---|---|---|---|---|")
    for setting in SETTINGS:
        print(_row(setting, rounds), flush=True)
    print()


def _row(setting: Setting, rounds: int) -> str:
    draw = random.Random(20)
    real = {f"case {number}" for number in range(SLOWED)}
    found = false_slower = false_faster = 0
    begun = time.process_time()
    for _ in range(rounds):
        cases = timed(draw, setting.before, setting.after, CASES, SLOWED, setting.factor, setting.model)
        timing = compare_times(cases, (setting.before, setting.after), Limits())
        assert timing.basis is not Basis.NOTHING
        shown = [moved for moved in timing.moved if moved.shown]
        slower = {moved.case for moved in shown if moved.slower}
        found += len(slower & real)
        false_slower += bool(slower - real)
        false_faster += any(not moved.slower for moved in shown)
    seconds = (time.process_time() - begun) / rounds
    cells = (
        f"{setting.before} and {setting.after}",
        setting.name,
        f"{setting.factor:g}x",
        f"{found / (rounds * SLOWED):.3f}",
        f"{false_slower} of {rounds}",
        f"{false_faster} of {rounds}",
        f"{seconds:.2f}",
    )
    return f"| {' | '.join(cells)} |"


def _planted(sets: int) -> None:
    """How many planted cases of each kind are called that, and how many others are."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for seed in range(sets):
        given = planted(seed)
        for entry in compare(given.baseline, given.runs, Limits(), known().meaning).entries:
            if entry.shown:
                (right if given.fates.get(entry.case) is entry.kind else wrong)[entry.kind.value] += 1
    print(f"{sets} planted sets of 500 cases, 7 baseline runs and 3 runs\n")
    print("| kind | planted | called that | others called that |\n|---|---|---|---|")
    for kind, number in FATES.items():
        print(f"| {kind.value} | {number * sets} | {right[kind.value]} | {wrong[kind.value]} |")
    print()


def _large() -> None:
    """The time and the memory that files of 200 MB take to read, each in a process of its own."""
    print("| file | cases | seconds | peak memory, MB |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        for name, cases, output in (("much output", 20_000, 10_000), ("many cases", 1_900_000, 0)):
            path = Path(scratch) / "large.xml"
            _write(path, cases, output)
            size = path.stat().st_size / 1e6
            command = [sys.executable, __file__, "--read", str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
            print(f"| {name}, {size:.0f} MB | {cases:,} | {' | '.join(done.stdout.split())} |")
        nothing = Path(scratch) / "small.xml"
        _write(nothing, 1, 0)
        done = subprocess.run(
            [sys.executable, __file__, "--read", str(nothing)], capture_output=True, text=True, check=True
        )
        print(f"| one case | 1 | {' | '.join(done.stdout.split())} |")


def _write(path: Path, cases: int, output: int) -> None:
    lines = "a line of a kernel's log that nobody reads\n" * (output // 43)
    with open(path, "w") as stream:
        stream.write('<?xml version="1.0"?><testsuites><testsuite name="pytest">')
        for number in range(cases):
            name = f'classname="tests.kernels.test_moe_{number % 97}" name="test_numbers[{number}-bfloat16-True]"'
            case = f'<testcase {name} time="1.234"'
            stream.write(f"{case}><system-out>{lines}</system-out></testcase>\n" if output else f"{case}/>\n")
        stream.write("</testsuite></testsuites>")


def _read(path: str) -> None:
    cases: dict[str, CaseResult] = {}
    begun = time.monotonic()
    junit.read(path, cases.__setitem__, known().cause)
    print(f"{time.monotonic() - begun:.1f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f}")


if __name__ == "__main__":
    main()
