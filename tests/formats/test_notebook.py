"""Pins in notebooks: whole results, and the laws."""

from __future__ import annotations

import pytest

from tests.formats import laws
from tests.formats.results import look, rows

# For each file: its path, its text, and what is found in it.
FORMS = [
    (
        "a.ipynb",
        '{"cells": [{"cell_type": "code", "source": ["!pip install \\"flashinfer-python==0.6.1\\" \\\\\\n", "  flashinfer-cubin==0.6.1\\n", "import os\\n", "x = run(\\"flashinfer-python==0.6.1\\")"], "outputs": [{"text": "flashinfer-python==0.6.1"}]},\n'
        '{"source": "%%bash\\npip install flashinfer-python==0.6.1\\n%env FLASHINFER_VERSION=0.6.1", "cell_type": "code"},\n'
        '{"cell_type":"code","source":"%env FLASHINFER_VERSION=0.6.1\\n%pip install -q flashinfer-cubin==0.6.1\\nassert flashinfer.__version__ == \'0.6.1\'"},\n'
        '{"cell_type": "markdown", "source": ["pip install flashinfer-python==0.6.1"]}], "nbformat": 4}\n',
        [
            "1:80 flashinfer-python 0.6.1",
            "1:116 flashinfer-cubin 0.6.1",
            "1:171 run/flashinfer-python 0.6.1",
            "2:52 flashinfer-python (2) 0.6.1",
            "2:83 FLASHINFER_VERSION 0.6.1",
            "3:55 FLASHINFER_VERSION (2) 0.6.1",
            "3:96 flashinfer-cubin (2) 0.6.1",
            "3:137 ? FLASHINFER_VERSION: an exact gate: its result changes when the version moves",
        ],
    ),
    (
        "b.ipynb",
        '{"worksheets":[{"cells":[{"cell_type":"code","input":["!pip install flashinfer-python==0.6.1"]}]}]}',
        ["1:88 flashinfer-python 0.6.1"],
    ),
    (
        "b.ipynb",
        '{"cells":[{"cell_type":"raw","source":"!pip install flashinfer-python==0.6.1"},{"cell_type":"code","source":["%%writefile r.txt\\n","flashinfer-python==0.6.1"]}],"metadata":{"source":"flashinfer-python==0.6.1"}}',
        [],
    ),
    (
        "b.ipynb",
        '{"cells":[{"cell_type":"code","source":["!pip install flashinfer-python==0.\\u0036.9\\n", "é = 1\\n", "!pip install flashinfer-cubin==0.6.1"]}]}',
        ["1:132 flashinfer-cubin 0.6.1", "1:74 ? flashinfer-python: not a version"],
    ),
]


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_forms(path: str, text: str, expected: list[str]) -> None:
    assert rows(look(path, text.encode())) == expected


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_laws(path: str, text: str, expected: list[str]) -> None:
    laws.hold(lambda data: look(path, data), text.encode(), "0.6.11.post2", "1.0rc1")
