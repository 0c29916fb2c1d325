"""Pins in mise.toml: whole results, and the laws."""

from __future__ import annotations

import pytest

from tests.formats import laws
from tests.formats.results import look, rows

# For each file: its path, its text, and what is found in it.
FORMS = [
    (
        ".mise.toml",
        "[tools]\n"
        'python = "3.12"\n'
        '"pipx:flashinfer-python" = "0.6.1"\n'
        '"pipx:flashinfer-cubin" = { version = "0.6.1" }\n'
        "[env]\n"
        'FLASHINFER_VERSION = "0.6.1"\n'
        "[tasks.a]\n"
        'run = "pip install flashinfer-python==0.6.1"\n'
        "[tasks.b]\n"
        'run = ["uv pip install \\"flashinfer-cubin==0.6.1\\""]\n',
        [
            "3:29 tools.pipx:flashinfer-python 0.6.1",
            "4:40 tools.pipx:flashinfer-cubin.version 0.6.1",
            "6:23 env.FLASHINFER_VERSION 0.6.1",
            "8:39 tasks.a.run/flashinfer-python 0.6.1",
            "10:44 tasks.b.run/flashinfer-cubin 0.6.1",
        ],
    ),
    (
        "mise/config.toml",
        '[env]\nFLASHINFER_VERSION = "latest"\n_.path = ["x"]\n[tools]\n"pipx:flashinfer-python" = "latest"\n',
        [
            "2:23 ? FLASHINFER_VERSION: 'latest' is not a version",
            "5:29 ? flashinfer-python: 'latest' is not one version",
        ],
    ),
    (
        ".mise.local.toml",
        '[env]\nFLASHINFER_VERSION = "{{ env.X }}"\n[tools]\nflashinfer-python = ["0.6.1", "0.6.6"]\n',
        [
            "4:23 ? flashinfer-python: '0.6.1' is one of a list of versions",
            "4:32 ? flashinfer-python: '0.6.6' is one of a list of versions",
        ],
    ),
]


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_forms(path: str, text: str, expected: list[str]) -> None:
    assert rows(look(path, text.encode())) == expected


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_laws(path: str, text: str, expected: list[str]) -> None:
    laws.hold(lambda data: look(path, data), text.encode(), "0.6.11.post2", "1.0rc1")
