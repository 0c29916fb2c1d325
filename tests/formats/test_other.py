"""Pins in scripts without an ending, and all other files: whole results, and the laws."""

from __future__ import annotations

import pytest

from tests.formats import laws
from tests.formats.results import look, rows

# For each file: its path, its text, and what is found in it.
FORMS = [
    (
        "bin/p",
        '#!/usr/bin/env -S uv run --script\n# /// script\n# dependencies = ["flashinfer-python==0.6.1"]\n# ///\n',
        ["3:39 script.dependencies/flashinfer-python 0.6.1"],
    ),
    (
        "Vagrantfile",
        'config.vm.provision "shell", inline: "pip install flashinfer-python==0.6.1"\n'
        "# flashinfer-python==0.6.1\n"
        'FLASHINFER_VERSION = "0.6.1"\n'
        "it's flashinfer-python>=0.6\n",
        [
            "1:70 ? flashinfer-python: in a file whose format fi-bump does not read: update it by hand, or record it with fi-bump site add",
            "3:23 ? FLASHINFER_VERSION: in a file whose format fi-bump does not read: update it by hand, or record it with fi-bump site add",
        ],
    ),
    ("bin/run", '#!/usr/bin/python3.12\nx = ["flashinfer-python==0.6.1"]\n', ["2:26 x/flashinfer-python 0.6.1"]),
    ("bin/m", "#!/usr/bin/make -f\nFLASHINFER_VERSION ?= 0.6.1\n", ["2:23 FLASHINFER_VERSION 0.6.1"]),
    ("bin/j", '#!/usr/bin/env -S just --justfile\nFLASHINFER_VERSION := "0.6.1"\n', ["2:24 FLASHINFER_VERSION 0.6.1"]),
    (
        "bin/perl",
        '#!/usr/bin/perl\nsystem("pip install flashinfer-python==0.6.1");\n# flashinfer-python==0.6.1\n',
        [
            "2:40 ? flashinfer-python: in a file whose format fi-bump does not read: update it by hand, or record it with fi-bump site add"
        ],
    ),
    (
        "a.txt",
        "don't\n"
        "pip install flashinfer-python==0.6.1\n"
        "flashinfer-cubin>=0.6\n"
        "flashinfer_version: 0.6.1\n"
        "flashinfer 0.6.1 is fast\n",
        [
            "2:32 ? flashinfer-python: in a file whose format fi-bump does not read: update it by hand, or record it with fi-bump site add",
            "4:21 ? FLASHINFER_VERSION: in a file whose format fi-bump does not read: update it by hand, or record it with fi-bump site add",
        ],
    ),
    ("x.weird", "\x00flashinfer-python==0.6.1\n", []),
    ("build", "#!/bin/sh\nFLASHINFER_VERSION=0.6.1\n", ["2:20 FLASHINFER_VERSION 0.6.1"]),
    (
        "deploy.ts",
        'const FLASHINFER_VERSION = "0.6.1"; // flashinfer-python==0.6.1\n',
        [
            "1:29 ? FLASHINFER_VERSION: in a file whose format fi-bump does not read: update it by hand, or record it with fi-bump site add",
            "1:59 ? flashinfer-python: in a file whose format fi-bump does not read: update it by hand, or record it with fi-bump site add",
        ],
    ),
]


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_forms(path: str, text: str, expected: list[str]) -> None:
    assert rows(look(path, text.encode())) == expected


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_laws(path: str, text: str, expected: list[str]) -> None:
    laws.hold(lambda data: look(path, data), text.encode(), "0.6.11.post2", "1.0rc1")
