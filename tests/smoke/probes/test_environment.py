"""Tests of the environment probe with a fake torch and fake distributions, and of finding a machine's CUDA."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from fi_bump.smoke.probes import environment, no_gpu, toolkit
from fi_bump.smoke.probes.protocol import ProbeRequest

PACKAGES = {"flashinfer-python": None, "flashinfer-cubin": None, "flashinfer-jit-cache": "cu130"}
REQUEST = ProbeRequest("environment", "flashinfer", "0.6.11.post2", PACKAGES)
MODULES = {
    "flashinfer-python": "flashinfer",
    "flashinfer-cubin": "flashinfer_cubin",
    "flashinfer-jit-cache": "flashinfer_jit_cache",
}


class Machine:
    """The installed packages by METADATA and by import, and the CUDA versions."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        self.versions: dict[str, str] = {}
        for package in ("flashinfer-python", "flashinfer-cubin"):
            self.install(package, "0.6.11.post2")
        self.cuda("13.0", "13.0", "13.0")
        patch.setattr(importlib.metadata, "version", self.version)

    def version(self, name: str) -> str:
        if name not in self.versions:
            raise importlib.metadata.PackageNotFoundError(name)
        return self.versions[name]

    def install(self, package: str, version: str, imported: str | None = None) -> None:
        self.versions[package] = version
        module = types.SimpleNamespace(__version__=version if imported is None else imported)
        self.patch.setitem(sys.modules, MODULES[package], module)

    def cuda(self, built: str | None, driver: str | None, compiler: str | None, available: bool = True) -> None:
        torch = types.SimpleNamespace(
            __version__="2.11.0",
            version=types.SimpleNamespace(cuda=built),
            cuda=types.SimpleNamespace(is_available=lambda: available),
        )
        self.patch.setitem(sys.modules, "torch", torch)
        self.patch.setattr(environment, "driver_cuda", lambda: driver)
        self.patch.setattr(environment, "compiler_cuda", lambda: compiler)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine in step with the lock, except that the jit-cache is not installed."""
    return Machine(monkeypatch)


def test_what_the_lock_says(machine: Machine) -> None:
    result = environment.run(REQUEST)
    assert (result.outcome, result.reason) == ("pass", None)
    assert result.metrics == {
        "installed": {"flashinfer-cubin": "0.6.11.post2", "flashinfer-python": "0.6.11.post2"},
        "imported": {"flashinfer_cubin": "0.6.11.post2", "flashinfer": "0.6.11.post2"},
        "missing": ["flashinfer-jit-cache"],
        "version_check_was_disabled": False,
        "stood_in_for_a_gpu": False,
        "torch": "2.11.0",
        "torch_cuda": "13.0",
        "driver_cuda": "13.0",
        "compiler_cuda": "13.0",
    }


@pytest.mark.parametrize(
    ("package", "version", "imported", "reason"),
    [
        (
            "flashinfer-cubin",
            "0.6.8",
            "0.6.8",
            "flashinfer-cubin 0.6.8 is installed, the lock says 0.6.11.post2; "
            "flashinfer_cubin.__version__ is 0.6.8, the lock says 0.6.11.post2",
        ),
        (
            "flashinfer-jit-cache",
            "0.6.11.post2+cu131",
            None,
            "flashinfer-jit-cache 0.6.11.post2+cu131 is installed, the lock says +cu130",
        ),
        (
            "flashinfer-jit-cache",
            "0.6.11.post2+cu129",
            None,
            "flashinfer-jit-cache 0.6.11.post2+cu129 is installed, the lock says +cu130; "
            "flashinfer-jit-cache 0.6.11.post2+cu129 is for CUDA 12, torch is built with 13.0",
        ),
        (
            "flashinfer-jit-cache",
            "0.6.11.post2",
            None,
            "flashinfer-jit-cache 0.6.11.post2 is installed, the lock says +cu130",
        ),
        ("flashinfer-jit-cache", "0.6.11.post2+cu130", None, None),
        (
            "flashinfer-python",
            "0.6.11",
            "0.6.11.post2",
            "flashinfer-python 0.6.11 is installed, the lock says 0.6.11.post2",
        ),
        (
            "flashinfer-python",
            "0.6.11.post2",
            "0.6.11",
            "flashinfer.__version__ is 0.6.11, the lock says 0.6.11.post2",
        ),
        (
            "flashinfer-python",
            "0.6.11.post2",
            "",
            "flashinfer.__version__ is missing, the lock says 0.6.11.post2",
        ),
    ],
)
def test_distributions(machine: Machine, package: str, version: str, imported: str | None, reason: str | None) -> None:
    machine.install(package, version, imported)
    result = environment.run(REQUEST)
    assert result.reason == reason
    assert result.outcome == ("fail" if reason else "pass")


def test_without_the_main_member_nothing_is_imported(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.versions.clear()
    monkeypatch.setitem(sys.modules, "flashinfer", None)
    result = environment.run(REQUEST)
    assert (result.outcome, result.reason) == ("fail", "flashinfer-python is not installed")
    assert result.metrics["missing"] == ["flashinfer-cubin", "flashinfer-jit-cache", "flashinfer-python"]
    assert result.metrics["imported"] == {}


def test_a_check_that_was_disabled_is_made(machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # FlashInfer reads the variable when it is imported, so it must be removed before.
    monkeypatch.setenv("FLASHINFER_DISABLE_VERSION_CHECK", "1")
    monkeypatch.delitem(sys.modules, "flashinfer")
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "flashinfer.py").write_text(
        "import os\n"
        "if 'FLASHINFER_DISABLE_VERSION_CHECK' not in os.environ:\n"
        "    raise RuntimeError('flashinfer-cubin version (0.6.8) does not match\\nflashinfer version (0.6.11.post2)')\n"
    )
    result = environment.run(REQUEST)
    assert result.reason == (
        "flashinfer cannot be imported: RuntimeError: flashinfer-cubin version (0.6.8) does not match"
    )
    assert result.metrics["version_check_was_disabled"] is True
    assert "FLASHINFER_DISABLE_VERSION_CHECK" not in os.environ


def test_without_torch(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    result = environment.run(REQUEST)
    assert result.outcome == "fail"
    assert result.reason == "torch is not installed"


@pytest.mark.parametrize(
    ("built", "driver", "compiler", "available", "reason"),
    [
        (None, None, None, False, None),
        (None, None, "13.0", False, None),
        ("13.0", None, None, False, None),
        (None, "13.0", None, False, "the driver has CUDA 13.0, but torch 2.11.0 is built without CUDA"),
        ("14.0", "13.2", "14.0", False, "torch needs CUDA 14.0, the driver has 13.2"),
        ("12.9", "13.0", "12.6", True, None),
        ("13.1", "13.0", "13.0", True, None),
        ("13.0", "13.0", None, False, "the driver has CUDA 13.0, but torch finds no GPU"),
        ("13.0", "13.0", "12.8", True, "nvcc compiles for CUDA 12.8, torch is built with 13.0"),
    ],
)
def test_cuda(
    machine: Machine, built: str | None, driver: str | None, compiler: str | None, available: bool, reason: str | None
) -> None:
    machine.cuda(built, driver, compiler, available)
    result = environment.run(REQUEST)
    assert result.reason == reason
    assert result.metrics["stood_in_for_a_gpu"] is not available


def test_the_stand_in_answers_what_modules_ask_at_import() -> None:
    torch = types.SimpleNamespace(cuda=types.SimpleNamespace(is_available=lambda: False))
    assert no_gpu.stand_in(torch) is True
    assert torch.cuda.get_device_properties(0).multi_processor_count == 148
    assert torch.cuda.get_device_capability() == (10, 0)
    # With a GPU nothing is replaced.
    there = types.SimpleNamespace(cuda=types.SimpleNamespace(is_available=lambda: True))
    assert no_gpu.stand_in(there) is False
    assert not hasattr(there.cuda, "get_device_properties")


class Driver:
    """A fake driver library, which writes its version to the given address."""

    def __init__(self, number: int, status: int = 0) -> None:
        self.number, self.status = number, status

    def cuDriverGetVersion(self, place: Any) -> int:
        place._obj.value = self.number
        return self.status


@pytest.mark.parametrize(
    ("driver", "version"),
    [(Driver(13000), "13.0"), (Driver(12080), "12.8"), (Driver(0), None), (Driver(13000, status=100), None)],
)
def test_the_driver_says_its_cuda(monkeypatch: pytest.MonkeyPatch, driver: Driver, version: str | None) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: driver)
    assert toolkit.driver_cuda() == version


def test_a_machine_without_a_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert toolkit.driver_cuda() is None


def nvcc(folder: Path, text: str) -> Path:
    """Make a compiler that prints this version."""
    path = folder / "bin" / "nvcc"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\necho '{text}'\n")
    path.chmod(0o755)
    return path


RELEASE = "Cuda compilation tools, release {}, V{}.48"


def test_the_compiler_is_looked_for_where_flashinfer_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, version in (("home", "13.0"), ("path", "12.9"), ("found", "12.8")):
        nvcc(tmp_path / name, RELEASE.format(version, version))
    monkeypatch.setenv("PATH", f"{tmp_path}/found/bin:/usr/bin:/bin")
    monkeypatch.setenv("CUDA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CUDA_PATH", str(tmp_path / "path"))
    assert toolkit.compiler_cuda() == "13.0"
    monkeypatch.delenv("CUDA_HOME")
    assert toolkit.compiler_cuda() == "12.9"
    monkeypatch.delenv("CUDA_PATH")
    assert toolkit.compiler_cuda() == "12.8"


def test_a_compiler_that_is_missing_or_says_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_HOME", str(tmp_path / "nowhere"))
    assert toolkit.compiler_cuda() is None
    nvcc(tmp_path / "odd", "nvcc: not today")
    monkeypatch.setenv("CUDA_HOME", str(tmp_path / "odd"))
    assert toolkit.compiler_cuda() is None


def test_whether_the_compiler_splits_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text, splits in (
        ("new", "--split-compile <number>  (-split-compile)", True),
        ("old", "--split-something", False),
    ):
        nvcc(tmp_path / name, text)
        monkeypatch.setenv("CUDA_HOME", str(tmp_path / name))
        assert toolkit.can_split() is splits
    monkeypatch.setenv("CUDA_HOME", str(tmp_path / "nowhere"))
    assert toolkit.can_split() is False
