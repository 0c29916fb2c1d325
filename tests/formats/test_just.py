"""Pins in justfiles: whole results, and the laws."""

from __future__ import annotations

import pytest

from tests.formats import laws
from tests.formats.results import look, rows

# For each file: its path, its text, and what is found in it.
FORMS = [
    (
        "justfile",
        'FI := "0.6.1"\n'
        "export FLASHINFER_VERSION := '0.6.1'\n"
        "# flashinfer-python==0.6.1\n"
        "install:\n"
        "    @pip install flashinfer-python=={{FLASHINFER_VERSION}} flashinfer-cubin==0.6.1\n"
        "    git clone -b v0.6.1 https://github.com/flashinfer-ai/flashinfer.git\n"
        "    cd flashinfer && git checkout v0.6.1\n",
        [
            "2:31 FLASHINFER_VERSION 0.6.1",
            "5:78 flashinfer-cubin 0.6.1",
            "6:19 git clone github.com/flashinfer-ai/flashinfer 0.6.1",
            "7:36 git checkout github.com/flashinfer-ai/flashinfer 0.6.1",
        ],
    ),
    (
        "a/.justfile",
        'version := "0.6.1"\nFLASHINFER_VERSION := env("X", "0.6.1")\n',
        ["2:33 FLASHINFER_VERSION 0.6.1"],
    ),
    (
        "ci.just",
        "a:\n"
        "  #!/bin/bash\n"
        "  pip install flashinfer-python=={{ FLASHINFER_VERSION }}\n"
        '  pip install "flashinfer-cubin == 0.6.1"\n',
        ["4:36 flashinfer-cubin 0.6.1"],
    ),
]


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_forms(path: str, text: str, expected: list[str]) -> None:
    assert rows(look(path, text.encode())) == expected


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_laws(path: str, text: str, expected: list[str]) -> None:
    laws.hold(lambda data: look(path, data), text.encode(), "0.6.11.post2", "1.0rc1")
