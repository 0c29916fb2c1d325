"""Look for input that makes a reader fail without a sentence, or takes long: `python -m tests.fuzz --seconds 60`.

The exit code is 1 if there is any. It is printed, and written to tests/fuzz/found/TARGET, from where it belongs into
the corpus once the reader is mended.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from tests.formats.test_fuzz import WORDS
from tests.fuzz.targets import TARGETS, attempt, corpus

LONGEST_SECONDS = 10.0
MARKS = [
    *WORDS,
    *b"<a |<!--|-->|</|<![CDATA[|&#1|&#x110000;|href=|#sha256=|//u:p@|?a=b".split(b"|"),
    *b"1e999|NaN|PK\x01\x02|PK\x03\x04|PK\x05\x06|Requires-Dist: |; python_version>'3'|\\u0000|\\ud800".split(b"|"),
    *b"\x00|\xff|\xed\xa0\x80|\xe2\x80\xa8|\x1b[2J".split(b"|"),
    b"9" * 5000,
    b"[" * 3000,
    b"(" * 3000,
]


class TooSlow(Exception):
    """A reader took longer than LONGEST_SECONDS."""


def late(number: int, frame: FrameType | None) -> None:
    raise TooSlow


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return a copy with some bytes inserted, removed, repeated or changed."""
    new = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 8, 16))):
        place = chance.randint(0, len(new))
        kind = chance.random()
        if kind < 0.45:
            new[place:place] = chance.choice(MARKS) * chance.choice((1, 1, 1, 1, 2, 50))
        elif kind < 0.65:
            del new[place : place + chance.randint(1, 40)]
        elif kind < 0.85 and new:
            start = chance.randrange(len(new))
            new[place:place] = new[start : start + chance.randint(1, 200)] * chance.choice((1, 1, 1, 30))
        elif new:
            new[min(place, len(new) - 1)] = chance.randrange(256)
    return bytes(new[:200_000])


def main() -> int:
    """Give each reader mutations of its corpus until the time is over; return 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--inputs", type=int, help="stop after this many inputs instead: with a seed, always the same")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--target", choices=TARGETS, action="append")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    names = options.target or list(TARGETS)
    begun = {name: list(corpus(name)) or [b""] for name in names}
    inputs: Counter[str] = Counter()
    failed: Counter[tuple[str, str]] = Counter()
    signal.signal(signal.SIGALRM, late)
    end = time.monotonic() + options.seconds
    while inputs.total() < options.inputs if options.inputs else time.monotonic() < end:
        name = chance.choice(names)
        data = mutated(chance.choice(begun[name]), chance)
        inputs[name] += 1
        signal.setitimer(signal.ITIMER_REAL, LONGEST_SECONDS)
        try:
            attempt(TARGETS[name], data)
        except Exception as error:
            signal.setitimer(signal.ITIMER_REAL, 0)
            kind = (name, f"{type(error).__name__}: {str(error)[:80]}")
            failed[kind] += 1
            if failed[kind] == 1:
                path = Path(__file__).with_name("found") / name / hashlib.sha256(data).hexdigest()[:12]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                print(f"{name}: {kind[1]!r} for {path}", flush=True)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    print(f"seed {options.seed}: {inputs.total()} inputs for {len(inputs)} readers, {len(failed)} failures")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
