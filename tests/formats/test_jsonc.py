"""Pins in JSON with comments: whole results, and the laws."""

from __future__ import annotations

import pytest

from fi_bump.pins import BY_HAND
from tests.formats import laws
from tests.formats.results import look, rows

# For each file: its path, its text, and what is found in it.
FORMS = [
    (
        "devcontainer.json",
        "// comment flashinfer-python==0.6.1\n"
        "{\n"
        '  "build": {"args": {"FLASHINFER_VERSION": "0.6.1", /* x */},},\n'
        '  "image": "org/runner:flashinfer-0.6.1",\n'
        '  "postCreateCommand": "pip install \\"flashinfer-python==0.6.1\\"",\n'
        '  "onCreateCommand": ["pip", "install", "flashinfer-cubin==0.6.1"], // x\n'
        '  "containerEnv": {"X": "http://a//b", "FLASHINFER_VERSION": "${localEnv:X}"},\n'
        "}\n",
        [
            "3:45 build.args.FLASHINFER_VERSION 0.6.1",
            "5:58 postCreateCommand/flashinfer-python 0.6.1",
            "6:60 onCreateCommand/flashinfer-cubin 0.6.1",
            "4:35 ? github.com/flashinfer-ai/flashinfer: part of an image tag: publish the new image first, then "
            + BY_HAND,
        ],
    ),
    (
        ".devcontainer/devcontainer.json",
        '{"containerEnv": {"FLASHINFER_VERSION": "latest"}}',
        ["1:42 ? FLASHINFER_VERSION: 'latest' is not a version"],
    ),
    (
        "x.code-workspace",
        '{"s": "// flashinfer", /* "FLASHINFER_VERSION": "0.6.1" */ "a": {"FLASHINFER_VERSION": "v0.6.1+cu130"}}',
        ["1:90 a.FLASHINFER_VERSION 0.6.1"],
    ),
    (
        "x.jsonc",
        '{"url": "https://github.com/flashinfer-ai/flashinfer/archive/refs/tags/v0.6.1.tar.gz", "sha256": "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"}',
        ["1:73 url/url github.com/flashinfer-ai/flashinfer 0.6.1 ! sha256 holds its checksum; update both together"],
    ),
]


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_forms(path: str, text: str, expected: list[str]) -> None:
    assert rows(look(path, text.encode())) == expected


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_laws(path: str, text: str, expected: list[str]) -> None:
    laws.hold(lambda data: look(path, data), text.encode(), "0.6.11.post2", "1.0rc1")
