"""A package that is not installed is named; every other error is shown with its first line."""

from __future__ import annotations

import pytest

from fi_bump.smoke.probes.missing import missing_package, said


@pytest.mark.parametrize(
    ("error", "package", "words"),
    [
        (ModuleNotFoundError("No module named 'torch'", name="torch"), "torch", "torch is not installed"),
        (ModuleNotFoundError("x", name="flashinfer"), "flashinfer-python", "flashinfer-python is not installed"),
        (ModuleNotFoundError("x", name="cutlass"), "nvidia-cutlass-dsl", "nvidia-cutlass-dsl is not installed"),
        (ModuleNotFoundError("no module y\nmore", name="y"), None, "ModuleNotFoundError: no module y"),
        (ModuleNotFoundError("x"), None, "ModuleNotFoundError: x"),
        (ImportError("libcudart.so.12: cannot open", name="torch"), None, "ImportError: libcudart.so.12: cannot open"),
    ],
)
def test_what_is_missing(error: ImportError, package: str | None, words: str) -> None:
    assert (missing_package(error), said(error)) == (package, words)
