"""Pins in Earthfiles: whole results, and the laws."""

from __future__ import annotations

import pytest

from fi_bump.pins import BY_HAND
from tests.formats import laws
from tests.formats.results import look, rows

# For each file: its path, its text, and what is found in it.
FORMS = [
    (
        "Earthfile",
        "VERSION 0.8\n"
        "FROM python:3.12\n"
        "ARG --global FLASHINFER_VERSION = 0.6.1\n"
        "\n"
        "build:\n"
        '    LET flashinfer_version = "0.6.1"\n'
        "    ARG --required X\n"
        "    GIT CLONE --branch v0.6.1 https://github.com/flashinfer-ai/flashinfer.git fi\n"
        "    RUN pip install \\\n"
        "        flashinfer-python==0.6.1\n"
        "    COPY +deps/x .\n",
        [
            "3:35 ARG FLASHINFER_VERSION 0.6.1",
            "6:31 ARG flashinfer_version 0.6.1",
            "8:25 git clone github.com/flashinfer-ai/flashinfer 0.6.1",
            "10:28 RUN flashinfer-python 0.6.1",
        ],
    ),
    ("Earthfile", "b:\n  RUN cat <<EOF\nflashinfer-python==0.6.1\n", ["3:20 flashinfer-python 0.6.1"]),
    (
        "lib.earth",
        "deps:\n\tFROM org/runner:cu130-flashinfer-0.6.1\n\tENV FLASHINFER_VERSION=0.6.1\n\tARG FLASHINFER_VERSION\n",
        [
            "3:25 ENV FLASHINFER_VERSION 0.6.1",
            "2:35 ? github.com/flashinfer-ai/flashinfer: part of an image tag: publish the new image first, then "
            + BY_HAND,
        ],
    ),
]


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_forms(path: str, text: str, expected: list[str]) -> None:
    assert rows(look(path, text.encode())) == expected


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_laws(path: str, text: str, expected: list[str]) -> None:
    laws.hold(lambda data: look(path, data), text.encode(), "0.6.11.post2", "1.0rc1")
