"""Pins in Apptainer's definition files: whole results, and the laws."""

from __future__ import annotations

import pytest

from fi_bump.pins import BY_HAND
from tests.formats import laws
from tests.formats.results import look, rows

# For each file: its path, its text, and what is found in it.
FORMS = [
    (
        "image.def",
        "Bootstrap: docker\n"
        "From: org/runner:cu130-flashinfer-0.6.1\n"
        "\n"
        "%arguments\n"
        "    FLASHINFER_VERSION=0.6.1\n"
        "%labels\n"
        "    flashinfer.version 0.6.1\n"
        "    Author me\n"
        "%post -c /bin/bash\n"
        "    pip install flashinfer-python==0.6.1 flashinfer-cubin=={{ FLASHINFER_VERSION }}\n"
        "    git clone --branch v0.6.1 https://github.com/flashinfer-ai/flashinfer.git\n"
        "%help\n"
        "    flashinfer-python==0.6.1\n",
        [
            "5:24 FLASHINFER_VERSION 0.6.1",
            "7:24 flashinfer_version 0.6.1",
            "10:36 flashinfer-python 0.6.1",
            "11:25 git clone github.com/flashinfer-ai/flashinfer 0.6.1",
            "2:35 ? github.com/flashinfer-ai/flashinfer: part of an image tag: publish the new image first, then "
            + BY_HAND,
        ],
    ),
    (
        "Singularity.gpu",
        "From: x\n%environment\nexport FLASHINFER_VERSION=0.6.1\n%files\nflashinfer-0.6.1 /x\n",
        ["3:27 FLASHINFER_VERSION 0.6.1"],
    ),
    ("a.def", "EXPORTS\nflashinfer_version @1\n", []),
]


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_forms(path: str, text: str, expected: list[str]) -> None:
    assert rows(look(path, text.encode())) == expected


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_laws(path: str, text: str, expected: list[str]) -> None:
    laws.hold(lambda data: look(path, data), text.encode(), "0.6.11.post2", "1.0rc1")
