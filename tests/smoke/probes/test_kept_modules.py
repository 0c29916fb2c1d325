"""A module with a marker is loaded as it is, in the classes that FlashInfer's releases have for a build."""

from __future__ import annotations

import abc
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from fi_bump.smoke.probes import kept_modules


class Description:
    """A build description like that of 0.6.8."""

    def __init__(self, library: Path, works: bool = True) -> None:
        self._library = library
        self._works = works
        self.builds: list[tuple[object, ...]] = []

    @property
    def jit_library_path(self) -> Path:
        return self._library

    def build(self, verbose: bool, need_lock: bool = True) -> None:
        self.builds.append((verbose, need_lock))
        if self._works:
            self._library.write_text("library")


class Abstract(abc.ABC):
    """Like the base class from 0.6.18 on, which has no library."""

    @abc.abstractmethod
    def build(self) -> None: ...


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Any:
    class JitSpec(Description):
        def build(self, verbose: bool, need_lock: bool = True) -> None:
            super().build(verbose, need_lock)

    module = types.SimpleNamespace(JitSpec=JitSpec, Abstract=Abstract, run_ninja=lambda *_: None)
    monkeypatch.setitem(sys.modules, "flashinfer", types.ModuleType("flashinfer"))
    monkeypatch.setitem(sys.modules, "flashinfer.jit", types.SimpleNamespace(core=module))
    kept_modules.keep_builds()
    return module


def test_a_module_is_built_once(core: Any, tmp_path: Path) -> None:
    spec = core.JitSpec(tmp_path / "kit.so")
    assert not kept_modules.is_kept(spec)
    spec.build(True, need_lock=False)
    spec.build(True)
    assert spec.builds == [(True, False)]
    assert kept_modules.is_kept(spec)
    assert core.JitSpec(tmp_path / "kit.so").builds == []


def test_a_library_without_a_marker_is_built(core: Any, tmp_path: Path) -> None:
    (tmp_path / "kit.so").write_text("half")
    spec = core.JitSpec(tmp_path / "kit.so")
    spec.build(True)
    assert spec.builds == [(True, True)]
    assert (tmp_path / "kit.so").read_text() == "library"


def test_a_marker_without_a_library_is_nothing(core: Any, tmp_path: Path) -> None:
    kept_modules.marker_of(tmp_path / "kit.so").touch()
    spec = core.JitSpec(tmp_path / "kit.so")
    spec.build(True)
    assert spec.builds == [(True, True)]


def test_a_build_that_leaves_no_library_leaves_no_marker(core: Any, tmp_path: Path) -> None:
    core.JitSpec(tmp_path / "kit.so", works=False).build(True)
    assert list(tmp_path.iterdir()) == []
    assert Abstract.build.__name__ == "build"
