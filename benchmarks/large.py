"""Measure large files and trees: seconds per finder, and for `fi-bump check` of 50,000 files."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fi_bump.formats.finders import finder
from fi_bump.pins import Source, Wanted

WANTED = Wanted(
    frozenset({"flashinfer-python", "flashinfer-cubin", "flashinfer-jit-cache"}),
    frozenset({"FLASHINFER_VERSION"}),
    frozenset({"github.com/flashinfer-ai/flashinfer"}),
)
MIB = 1 << 20
DENSE = "  - {name: x%d, value: 1.0, list: [a, b, c], env: {K: v}}\n"
TABLE = '[[package]]\nname = "p%d"\nversion = "1.0"\n\n'
# Name, format, MiB, the text before the repeated lines, and the line to repeat.
FILES = [
    ("Dockerfile", "dockerfile", 2, "FROM x\n", "RUN echo %d && \\\n  pip install flashinfer-python==0.6.1\n"),
    ("ci.yaml", "yaml", 2, "FLASHINFER_VERSION: 0.6.1\na:\n", DENSE),
    ("ci.yaml", "yaml", 20, "FLASHINFER_VERSION: 0.6.1\na:\n", DENSE),
    ("build.sh", "shell", 2, "", "pip install flashinfer-python==0.6.1 # %d\n"),
    ("setup.py", "python", 2, "", "x%d = ['flashinfer-python==0.6.1']\n"),
    ("requirements.txt", "requirements", 2, "", "flashinfer-python==0.6.1 ; a == 'b' # %d\n"),
    ("pyproject.toml", "pyproject", 2, "[project]\ndependencies = [\n", '"flashinfer-python==0.6.1", # %d\n'),
    ("docker-bake.hcl", "hcl", 2, "", 'variable "A%d_FLASHINFER_VERSION" { default = "0.6.1" }\n'),
    ("Makefile", "makefile", 2, "", "x%d:\n\tpip install flashinfer-python==0.6.1\n"),
    ("uv.lock", "lockfile", 20, '[[package]]\nname = "flashinfer-python"\nversion = "0.6.1"\n\n', TABLE),
]
TREE_FILES = 50_000


def main() -> None:
    """Measure and print."""
    print("| file | MiB | places found | seconds |\n|---|---|---|---|")
    for name, form, size, head, line in FILES:
        data = _file(head, line, size * MIB, "]\n" if form == "pyproject" else "")
        began = time.perf_counter()
        found = finder(form)(Source(name, data), WANTED)
        seconds = time.perf_counter() - began
        print(f"| {name} | {len(data) / MIB:.1f} | {len(found.pins) + len(found.unpinned)} | {seconds:.2f} |")
    with tempfile.TemporaryDirectory() as scratch:
        _tree(Path(scratch))


def _file(head: str, line: str, size: int, tail: str) -> bytes:
    parts = [head]
    length = number = 0
    while length < size:
        parts.append(line % number if "%" in line else line)
        length += len(parts[-1])
        number += 1
    return ("".join(parts) + tail).encode()


def _tree(root: Path) -> None:
    for number in range(TREE_FILES):
        folder = root / f"{number % 500}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.py").write_text(f"x = {number}\n")
    (root / "requirements.txt").write_text("flashinfer-python==0.6.1\n")
    command = [str(Path(sys.executable).parent / "fi-bump"), "-C", str(root)]
    subprocess.run([*command, "init"], check=True, stdout=subprocess.DEVNULL)
    time.sleep(2.1)
    for what in ("first check", "second check"):
        began = time.perf_counter()
        subprocess.run([*command, "check"], check=True, stdout=subprocess.DEVNULL)
        print(f"{TREE_FILES} files, {what}: {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    main()
