"""CONTRIBUTING's recipe for a new format, carried out in a copy of the package: one module and one row are enough."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import NEW, OLD, plant

TOP = Path(__file__).parents[2]
MODULE = b'''"""Pins in .toyfmt files: `use PACKAGE at VERSION`, one per line."""

from __future__ import annotations

import re

from fi_bump.grammar import VERSION, canonical_name
from fi_bump.pins import Found, Kind, Source, Wanted, make_pin, number_anchors

_LINE = re.compile(rb"^use ([\\w.-]+) at (" + VERSION + rb")\\r?$", re.MULTILINE)


def find(source: Source, wanted: Wanted) -> Found:
    """Return the pins of the wanted packages."""
    pins = []
    for match in _LINE.finditer(source.masked):
        package = canonical_name(match[1].decode("ascii"))
        if package in wanted.packages:
            pins.append(make_pin(source, *match.span(2), package, Kind.REQUIREMENT, package))
    return Found(number_anchors(pins))
'''
ROW = """    FileFormat("toyfmt", "toy", ("*.toyfmt", "Toyfile"), "lines `use PACKAGE at VERSION`"),
"""
TOY = f"# kernels\nuse FlashInfer_Python at {OLD}\nuse numba at 0.61.2\n".encode()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package, and of what is written from its table, with a format more."""
    top = tmp_path_factory.mktemp("copy")
    for folder in ("fi_bump", "tools", "docs"):
        shutil.copytree(TOP / folder, top / folder, ignore=shutil.ignore_patterns("__pycache__"))
    plant(top, {"fi_bump/formats/toyfmt.py": MODULE})
    table = top / "fi_bump/formats/table.py"
    text = table.read_text()
    end = text.index("\n)\n", text.index("FORMATS = (")) + 1
    table.write_text(text[:end] + ROW + text[end:])
    done = subprocess.run([sys.executable, "tools/formats.py"], cwd=top, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return top


def run(copy: Path, root: Path, *arguments: str) -> tuple[int, str, str]:
    """Run the copy's fi-bump on a repository."""
    command = [sys.executable, "-m", "fi_bump", "-C", str(root), *arguments]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
def test_every_command_takes_it(copy: Path, tmp_path: Path) -> None:
    plant(tmp_path, {"deploy/kernels.toyfmt": TOY, "Toyfile": TOY, "notes.toy": TOY})
    code, out, err = run(copy, tmp_path, "init")
    assert (code, err) == (0, "")
    lock = (tmp_path / "versions.lock.json").read_text()
    assert re.findall(r'"([^"]*#[^"]*)"', lock) == [
        "Toyfile#flashinfer-python",
        "deploy/kernels.toyfmt#flashinfer-python",
    ]
    in_step = (0, f"flashinfer {OLD}: 2 pins in 2 files, in step\n", "")
    assert run(copy, tmp_path, "check") == in_step
    plant(tmp_path, {"Toyfile": TOY.replace(OLD.encode(), b"0.6.6")})
    drift = f"Toyfile:2:26: flashinfer-python is 0.6.6, the lock says {OLD} [drift]\n"
    code, out, err = run(copy, tmp_path, "check")
    assert (code, out.startswith(drift)) == (1, True)
    assert run(copy, tmp_path, "check", "--fix")[0] == 0
    assert (tmp_path / "Toyfile").read_bytes() == TOY
    code, out, err = run(copy, tmp_path, "set", NEW)
    assert (code, err) == (0, "")
    for name in ("deploy/kernels.toyfmt", "Toyfile"):
        assert (tmp_path / name).read_bytes() == TOY.replace(OLD.encode(), NEW.encode())
    assert (tmp_path / "notes.toy").read_bytes() == TOY


def test_the_documentation_takes_it(copy: Path) -> None:
    row = "| toy | `*.toyfmt`, `Toyfile` | lines `use PACKAGE at VERSION` |  |\n"
    assert (copy / "docs/forms.md").read_text().count(row) == 1


@pytest.mark.slow
def test_the_layers_still_hold(copy: Path) -> None:
    command = [sys.executable, "tools/layers.py"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert done.stdout.endswith("upward: 0\ncycles: 0\nwrong layers: 0\n")
    assert (done.returncode, done.stderr) == (0, "")
