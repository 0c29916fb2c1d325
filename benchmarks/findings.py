"""Compare what two checkouts of fi-bump find: in all case folders, in other trees, and in mutated files.

    python benchmarks/findings.py OTHER [--trees FOLDER] [--files 20000] [--seed 1]

OTHER is the folder of another checkout, such as one of main. Both read the case folders of this checkout, every folder
in FOLDER, and files made of the cases by random edits and by other words in place of wanted names. The exit code is 1
if any finding differs, and the first differences are printed. Nothing is written into the trees.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
CASES = HERE / "tests" / "forms" / "cases"
# In place of a wanted name, and between any two bytes.
OTHER_NAMES = [
    b"flashinfer_x",
    b"xflashinfer",
    b"flashinfer-bin",
    b"FLASHINFER_SHA256",
    b"flashinferVersion",
    b"flashinfer",
    b"FLASHINFER",
    b"flashinfer-",
    b"flashinfer.",
    b"_flashinfer",
    b"flashinfer_0",
    b"flashinfer/x",
    b"kit",
]
INSERTED = [
    b"flashinfer-python==0.6.1",
    b"FLASHINFER_VERSION=0.6.1",
    b"FLASHINFER_VERSION: 0.6.1",
    b"0.6.1",
    b"v1",
    b"'",
    b"git clone https://github.com/flashinfer-ai/flashinfer",
    b" -b v0.6.1 ",
    b"git checkout ",
    b'"',
    b"(",
    b")",
    b"\\\n",
    b"\n",
    b"\r\n",
    b"#",
    b": ",
    b"- ",
    b"|\n",
    b"=",
    b"==",
    b"RUN ",
    b"ARG ",
    b"\xff",
    b"\0",
    b"/",
    b"@",
    b"flashinfer_python-0.6.1-py3-none-any.whl",
    b"<<<<<<< a\n",
    b"=======\n",
    b">>>>>>> b\n",
    b"[",
    b"]",
    b"{",
    b"}",
]


def main() -> int:
    """Compare, print the number of equal and different items, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("other", type=Path)
    parser.add_argument("--trees", type=Path)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--digest", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.digest:
        for name, digest in digests(options):
            print(name, digest, flush=True)
        return 0
    ours, theirs = (read(checkout, options) for checkout in (HERE, options.other.resolve()))
    different = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    print(f"{len(ours) - len(different)} equal, {len(different)} different")
    for name in different[:20]:
        print(f"  {name}")
    return int(bool(different))


def read(checkout: Path, options: argparse.Namespace) -> dict[str, str]:
    """Return the digest of each item as this checkout of fi-bump finds it."""
    command = [sys.executable, __file__, str(options.other), "--digest", f"--files={options.files}"]
    command += [f"--seed={options.seed}", *([f"--trees={options.trees}"] if options.trees else [])]
    environment = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONHASHSEED": "0", "FI_BUMP_NO_CACHE": "1"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())


def digests(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Yield each item with a digest of what the fi-bump of PYTHONPATH finds in it."""
    from fi_bump.families import families
    from fi_bump.lock.records import Lock
    from fi_bump.pins import Source
    from fi_bump.scanning.asked import wanted_by
    from fi_bump.scanning.look import look
    from fi_bump.scanning.scan import scan

    groups = tuple(families().values())
    sets = [tuple(group for group in groups if group.name == "flashinfer"), groups]
    trees = sorted(CASES.glob("*/tree")) + sorted(options.trees.iterdir() if options.trees else [])
    for root in trees:
        for wanted in sets if root.is_dir() else ():
            yield f"{root} {len(wanted)}", digest_of(partial(found, partial(scan, str(root), Lock(wanted))))
    files = [path for path in sorted(CASES.rglob("tree/**/*")) if path.is_file()]
    chance = random.Random(options.seed)
    names = wanted_by(sets[0])
    for number in range(options.files):
        path = files[chance.randrange(len(files))]
        data = mutated(path.read_bytes(), chance)
        source = Source(str(path.relative_to(CASES)), data)
        yield f"{number} {source.path}", digest_of(partial(look, source, names))


def found(scanned: Callable[[], Any]) -> tuple[object, ...]:
    """Return what a scan found, without what only another part of fi-bump asks it about.

    The paths of the files that were read have no order.
    """
    scan = scanned()._asdict()
    del scan["worded"]
    return tuple(tuple(sorted(value)) if name == "paths" else value for name, value in scan.items())


def digest_of(find: Callable[[], object]) -> str:
    """Return a digest of a result, or of the error that came instead."""
    from fi_bump.errors import FiBumpError

    try:
        result = repr(plain(find()))
    except FiBumpError as error:
        result = f"{type(error).__name__}: {error}"
    return hashlib.sha256(result.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def plain(value: object) -> object:
    """Return records as tuples, in which a source is the path of its file and an error its text."""
    from fi_bump.pins import Source

    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, Exception):
        return str(value)
    return value.path if isinstance(value, Source) else value


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return the data with a few random edits, or with other words in place of some wanted names."""
    if chance.random() < 0.5:
        kept = chance.choice([0.0, 0.2, 0.6])
        pattern = chance.choice([rb"(?i)flashinfer", rb"(?i)flashinfer[\w.-]*"])
        data = re.sub(pattern, lambda match: match[0] if chance.random() < kept else chance.choice(OTHER_NAMES), data)
    for _ in range(chance.randrange(5)):
        start = chance.randrange(len(data) + 1)
        data = data[:start] + chance.choice(INSERTED) + data[start + chance.choice([0, 0, 1, 5, 40]) :]
    return data


if __name__ == "__main__":
    sys.exit(main())
