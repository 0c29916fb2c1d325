"""Load modules that a finished build left, on any machine, in place of building them again.

FlashInfer lets ninja decide whether a module is up to date. ninja compares paths and times of all sources, so a module
that was compiled in another folder is always compiled again. The folder of the modules already depends on everything
that they are made of (`jit.prepare`). So a module with a marker beside it is taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .protocol import COMPLETE


def marker_of(library: object) -> Path:
    """Return the file that says that a library is complete."""
    return Path(f"{library}{COMPLETE}")


def is_kept(spec: Any) -> bool:
    """Return whether a finished build left the module of a build description."""
    return Path(str(spec.jit_library_path)).exists() and marker_of(spec.jit_library_path).exists()


def keep_builds() -> None:
    """Make FlashInfer skip the build of every module that is kept. Must be called after FlashInfer is imported."""
    from flashinfer.jit import core

    for each in list(vars(core).values()):
        # The class has another name from 0.6.18 on, below an abstract one that has no library.
        if isinstance(each, type) and "build" in vars(each) and hasattr(each, "jit_library_path"):
            description: Any = each
            description.build = _kept(description.build)


def _kept(build: Callable[..., None]) -> Callable[..., None]:
    def instead(spec: Any, *arguments: Any, **named: Any) -> None:
        if is_kept(spec):
            return
        build(spec, *arguments, **named)
        if Path(str(spec.jit_library_path)).exists():
            marker_of(spec.jit_library_path).touch()

    return instead
