"""Pins in the tables of Python scripts: whole results, and the laws."""

from __future__ import annotations

import pytest

from tests.formats import laws
from tests.formats.results import look, rows

# For each file: its path, its text, and what is found in it.
FORMS = [
    (
        "bench.py",
        "# /// script\n"
        '# requires-python = ">=3.12"\n'
        '# dependencies = ["flashinfer-python==0.6.1", "flashinfer-cubin==0.6.1"]\n'
        "# [tool.uv.sources]\n"
        '# flashinfer-python = { git = "https://github.com/flashinfer-ai/flashinfer.git", tag = "v0.6.1" }\n'
        "# ///\n"
        "import torch\n",
        [
            "3:39 script.dependencies/flashinfer-python 0.6.1",
            "3:66 script.dependencies/flashinfer-cubin 0.6.1",
            "5:90 script.tool.uv.sources/flashinfer-python 0.6.1",
        ],
    ),
    (
        "s.py",
        "# /// script\n"
        "# dependencies = [\n"
        '#   "flashinfer-python==0.6.1", # why\n'
        '#   "flashinfer-cubin>=0.6",\n'
        "# ]\n"
        "# ///\n",
        ["3:25 script.dependencies/flashinfer-python 0.6.1", "4:22 ~ flashinfer-cubin>=0.6"],
    ),
    ("s.py", '# /// script\n# dependencies = ["flashinfer-python==0.6.1"]\nx = 1\n', []),
    ("s.py", '# /// script\n# dependencies = ["flashinfer-python==0.6.1"\n# ///\n', []),
    ("s.py", '# /// pyproject\n# dependencies = ["flashinfer-python==0.6.1"]\n# ///\n', []),
]


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_forms(path: str, text: str, expected: list[str]) -> None:
    assert rows(look(path, text.encode())) == expected


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_laws(path: str, text: str, expected: list[str]) -> None:
    laws.hold(lambda data: look(path, data), text.encode(), "0.6.11.post2", "1.0rc1")
