"""Test that the wheel contains the templates: build it, unpack it elsewhere, and run it from there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from fi_bump.template.catalog import TEMPLATES
from tests.commands.template.conftest import RECORD

TOP = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that an installer would put into site-packages."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=TOP, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.mark.slow
def test_every_template_is_in_it_as_it_is_in_the_repository(unpacked: Path) -> None:
    carried = {path.name: path.read_bytes() for path in (unpacked / "fi_bump/data/templates").iterdir()}
    assert carried == {path.name: path.read_bytes() for path in (TOP / "templates").iterdir()}
    assert sorted(carried) == sorted(template.source for template in TEMPLATES.values())


@pytest.mark.slow
def test_it_fills_them_in(unpacked: Path, two: Path, tmp_path: Path) -> None:
    program = "import fi_bump; from fi_bump.__main__ import main; print(fi_bump.__file__, flush=True); main()"
    # Coverage must not measure this copy of the package.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    environment["PYTHONPATH"] = str(unpacked)
    command = [sys.executable, "-c", program, "-C", str(two), "template", "pre-commit"]
    # Nobody knows where these files are from until an installer writes it beside their metadata.
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr.partition("\n")[0]) == (
        2,
        "fi-bump: no installer recorded where this copy of fi-bump is from",
    )
    (metadata,) = unpacked.glob("*.dist-info")
    (metadata / "direct_url.json").write_text(json.dumps(RECORD))
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    place, _, printed = done.stdout.partition("\n")
    assert place == str(unpacked / "fi_bump/__init__.py")
    assert printed == (TOP / "tests/commands/template/golden/pre-commit.yaml").read_text()
