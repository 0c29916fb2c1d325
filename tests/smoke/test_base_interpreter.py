"""Tests of real environments that are made on the packages of another interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fi_bump.errors import FiBumpError
from fi_bump.smoke.base_interpreter import Base, examine
from fi_bump.smoke.environment import EnvironmentRequest, Maker, _key, plain
from tests.smoke.fakes import wheel


@pytest.fixture
def base(tmp_path: Path) -> str:
    """An environment without pip that has engine 1.0, kit 0.9, and a checkout through a .pth file."""
    home = tmp_path / "the base"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    (folder,) = home.glob("lib/python*/site-packages")
    for name, version in (("engine", "1.0"), ("kit", "0.9")):
        (folder / f"{name}.py").write_text(f"version = {version!r}\n")
        (folder / f"{name}-{version}.dist-info").mkdir()
        (folder / f"{name}-{version}.dist-info" / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name.title()}\nVersion: {version}\n"
        )
    (folder / "checkout.pth").write_text(f"{tmp_path / 'checkout'}\n")
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / "kernels.py").write_text("version = 'checked out'\n")
    (tmp_path / "checkout" / "kit.py").write_text("version = 'checked out'\n")
    return str(home / "bin" / "python")


def asked(python: str, tmp_path: Path) -> Base:
    return examine(python, str(tmp_path / "base.log"), plain())


@pytest.mark.slow
def test_what_a_base_holds(base: str, tmp_path: Path) -> None:
    found = asked(base, tmp_path)
    (folder,) = (tmp_path / "the base").glob("lib/python*/site-packages")
    assert found == Base(base, found.version, (str(folder),), {"engine": "1.0", "kit": "0.9"}, False)
    assert found.version == sys.version.replace("\n", " ")
    assert found.tools == os.path.dirname(base)
    assert found.venv("HOME") == [base, "-m", "venv", "HOME"]
    with_pip = asked(sys.executable, tmp_path)
    assert with_pip.packages["pytest"] == pytest.__version__
    assert with_pip.venv("HOME") == [sys.executable, "-m", "venv", "--without-pip", "HOME"]


@pytest.mark.slow
@pytest.mark.parametrize("piped", [False, True])
def test_an_environment_sees_its_base_after_its_own(piped: bool, base: str, tmp_path: Path) -> None:
    if piped:
        subprocess.run([base, "-m", "ensurepip"], check=True, capture_output=True)
    house = tmp_path / "house"
    wheel(house, "kit", "1.0", {"kit.py": "version = '1.0'\n"}, ("engine>=1", "part"))
    wheel(house, "part", "1.5", {"part.py": "version = '1.5'\n"})
    heard: list[str] = []
    maker = Maker(str(tmp_path / "cache"), heard.append)
    python = maker.make(EnvironmentRequest(("kit==1.0",), (), str(house), asked(base, tmp_path)))
    assert "Successfully installed kit-1.0 part-1.5" in heard
    show = (
        "import engine, kernels, kit, part, importlib.metadata as m;"
        "print(engine.version, kernels.version, kit.version, part.version, m.version('kit'), m.version('engine'))"
    )
    done = subprocess.run([python, "-c", show], capture_output=True, text=True, check=True)
    assert done.stdout == "1.0 checked out 1.0 1.5 1.0 1.0\n"
    # The base is unchanged.
    assert subprocess.run([base, "-c", "import kit; print(kit.version)"], capture_output=True).stdout == b"0.9\n"


def test_a_base_that_has_changed_is_another_one(base: str, tmp_path: Path) -> None:
    key = _key(EnvironmentRequest(("kit==1.0",), base=asked(base, tmp_path)))
    assert (
        key
        == _key(EnvironmentRequest(("kit==1.0",), base=asked(base, tmp_path)))
        != _key(EnvironmentRequest(("kit==1.0",)))
    )
    (metadata,) = (tmp_path / "the base").glob("lib/python*/site-packages/engine-1.0.dist-info/METADATA")
    metadata.write_text(metadata.read_text().replace("Version: 1.0", "Version: 1.1"))
    assert key != _key(EnvironmentRequest(("kit==1.0",), base=asked(base, tmp_path)))


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("#!/bin/sh\necho no; exit 3\n", "exited with 3: no"),
        ("#!/bin/sh\necho garbage\n", "it does not answer"),
        ("#!/no/such/shell\n", "no such file or directory"),
    ],
)
def test_what_is_no_base(script: str, reason: str, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(script)
    python.chmod(0o755)
    with pytest.raises(FiBumpError) as caught:
        asked(str(python), tmp_path)
    assert str(caught.value) == f"{python}: this interpreter cannot be used as a base: {reason}"
    assert caught.value.hint == f"see its output in {tmp_path / 'base.log'}"
