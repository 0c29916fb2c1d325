"""Where the packages of an interpreter are: of a system's Python, of the user, and of virtual environments."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fi_bump.smoke.evidence import wheel_versions
from fi_bump.smoke.site_folders import site_folders
from tests.conftest import plant

BASE = os.path.realpath(sys.executable)
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
METADATA = b"Name: flashinfer-python\nVersion: 0.6.7\n"
INFO = "flashinfer_python-0.6.7.dist-info/METADATA"


def found(python: str, home: Path, **variables: str) -> dict[str, set[str]]:
    """Return what the runner reads of the main package, for a user with that home folder."""
    environment = {"HOME": str(home), "PATH": os.defpath, **variables}
    return wheel_versions(python, MINOR, ["flashinfer-python"], site_folders(python, environment, 60))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a user who has the package."""
    plant(tmp_path, {f".local/lib/python{MINOR}/site-packages/{INFO}": METADATA})
    return tmp_path


def environment(folder: Path, *options: str) -> str:
    """Make an empty virtual environment and return its interpreter."""
    subprocess.run([BASE, "-m", "venv", "--without-pip", *options, str(folder)], check=True)
    return str(folder / "bin/python")


@pytest.mark.skipif(sys.platform != "linux", reason="the user's folder of packages has another name")
def test_the_packages_of_the_user(home: Path) -> None:
    assert found(BASE, home) == {"flashinfer-python": {"0.6.7"}}
    assert found(BASE, home, PYTHONNOUSERSITE="1") == {}
    assert found(BASE, home / "another") == {}


@pytest.mark.skipif(sys.platform != "linux", reason="the user's folder of packages has another name")
def test_virtual_environments(home: Path) -> None:
    alone, beside = environment(home / "alone"), environment(home / "beside", "--system-site-packages")
    assert found(alone, home) == {}
    assert found(beside, home) == {"flashinfer-python": {"0.6.7"}}
    plant(home, {f"alone/lib/python{MINOR}/site-packages/flashinfer_python-1.dist-info/METADATA": b"Version: 1\n"})
    assert found(alone, home) == {"flashinfer-python": {"1"}}


@pytest.mark.skipif(not os.path.isdir("/usr/lib/python3/dist-packages"), reason="this system has no dist-packages")
def test_the_packages_of_a_distribution(tmp_path: Path) -> None:
    assert "/usr/lib/python3/dist-packages" in site_folders("/usr/bin/python3", {"HOME": str(tmp_path)}, 60)


@pytest.mark.skipif(sys.platform != "linux", reason="the user's folder of packages has another name")
def test_no_installed_package_answers(home: Path) -> None:
    packages = f".local/lib/python{MINOR}/site-packages"
    plant(
        home,
        {f"{packages}/x.pth": b"import os; os._exit(7)\n", f"{packages}/sitecustomize.py": b"raise SystemExit(7)\n"},
    )
    assert found(BASE, home) == {"flashinfer-python": {"0.6.7"}}


@pytest.mark.slow
@pytest.mark.parametrize("script", ["exit 1", "echo relative; echo /no/such/folder", "kill $$", "sleep 60"])
def test_a_program_that_does_not_answer(tmp_path: Path, script: str) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    assert site_folders(str(program), {"PATH": os.defpath}, 2) == ()
    assert site_folders(str(tmp_path / "none"), {}, 2) == ()
