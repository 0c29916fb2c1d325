"""Build the sdist and the wheel of the commit that is checked out, twice, and refuse builds that differ.

    python tools/release.py dist

The files hold what git has of the commit, whatever else is in the folder, and their times are the commit's
(SOURCE_DATE_EPOCH), so anybody can build the same bytes from the same commit. `dist/SHA256SUMS` lists their checksums.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
SUMS = "SHA256SUMS"


def main(top: Path, out: Path) -> int:
    """Build twice and write the files to `out`. Return 1, with a line for each file that differs between the builds."""
    commit = _git(top, "rev-parse", "HEAD").decode().strip()
    epoch = _git(top, "show", "--no-patch", "--format=%ct", commit).decode().strip()
    tree = _git(top, "archive", "--format=tar", commit)
    with tempfile.TemporaryDirectory() as scratch:
        # Another folder, another umask and another order of hashes: none of them may reach a byte.
        first, second = (
            build(tree, Path(scratch, name), epoch, mask, seed)
            for name, mask, seed in (("first", 0o022, "1"), ("the-second-build", 0o077, "2"))
        )
    different = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    for name in different:
        print(f"{name}: two builds of the commit {commit} differ")
    if different:
        return 1
    out.mkdir(parents=True, exist_ok=True)
    for name, data in first.items():
        (out / name).write_bytes(data)
    sums = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(first.items())]
    (out / SUMS).write_text("".join(sums))
    print("".join(sums), end="")
    return 0


def build(tree: bytes, folder: Path, epoch: str, mask: int, seed: str) -> dict[str, bytes]:
    """Return the content of each file that the build backend makes of a tar archive's files, by name."""
    source, out = folder / "source", folder / "out"
    with tarfile.open(fileobj=io.BytesIO(tree)) as archive:
        archive.extractall(source, filter="data")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(out)],
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": epoch, "PYTHONHASHSEED": seed},
        umask=mask,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def _git(top: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=top, check=True, capture_output=True).stdout


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tools/release.py FOLDER")
    raise SystemExit(main(TOP, Path(sys.argv[1]).resolve()))
