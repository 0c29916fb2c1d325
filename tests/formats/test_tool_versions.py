"""Pins in .tool-versions: whole results, and the laws."""

from __future__ import annotations

import pytest

from tests.formats import laws
from tests.formats.results import look, rows

# For each file: its path, its text, and what is found in it.
FORMS = [
    (
        ".tool-versions",
        "python 3.12\npipx:flashinfer-python 0.6.1 # x\n# flashinfer-cubin 0.6.1\n",
        ["2:24 pipx:flashinfer-python 0.6.1"],
    ),
    (
        "a/.tool-versions",
        "flashinfer-python latest\nflashinfer-cubin 0.6.1 0.6.6\n",
        [
            "1:19 ? flashinfer-python: 'latest' is not one version",
            "2:18 ? flashinfer-cubin: '0.6.1' is one of a list of versions",
            "2:24 ? flashinfer-cubin: '0.6.6' is one of a list of versions",
        ],
    ),
]


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_forms(path: str, text: str, expected: list[str]) -> None:
    assert rows(look(path, text.encode())) == expected


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_laws(path: str, text: str, expected: list[str]) -> None:
    laws.hold(lambda data: look(path, data), text.encode(), "0.6.11.post2", "1.0rc1")
