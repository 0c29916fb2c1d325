"""An anchor survives a refactoring: moved lines, keys in another order, another layout. A new name is a new anchor."""

from __future__ import annotations

import pytest

from fi_bump.formats.finders import finder
from fi_bump.pins import Source, Wanted

WANTED = Wanted(
    frozenset({"flashinfer-python", "flashinfer-cubin"}),
    frozenset({"FLASHINFER_VERSION"}),
    frozenset({"github.com/flashinfer-ai/flashinfer"}),
)
URL = "https://github.com/flashinfer-ai/flashinfer.git"


def anchors(form: str, text: str) -> set[str]:
    return {pin.anchor for pin in finder(form)(Source("x", text.encode()), WANTED).pins}


@pytest.mark.parametrize(
    ("form", "before", "after"),
    [
        (
            "requirements",
            "flashinfer-python==0.6.1\nflashinfer-cubin==0.6.1\n",
            "# first\n\nflashinfer_cubin[x] == 0.6.1 \\\n  ; a == 'b'\nnumpy\nflashinfer-python (==0.6.1)\r\n",
        ),
        (
            "dockerfile",
            f"ARG FLASHINFER_VERSION=0.6.1\nRUN pip install flashinfer-cubin==0.6.1\nRUN git clone -b v0.6.1 {URL}\n",
            f"# x\nRUN git clone {URL} src --depth 1 \\\n  --branch=v0.6.1\nFROM b\nARG A=1 \\\n  FLASHINFER_VERSION='0.6.1'\n"
            'RUN ["pip", "install", "flashinfer-cubin==0.6.1"]\n',
        ),
        (
            "bake",
            '{"variable": {"FLASHINFER_VERSION": {"default": "0.6.1"}, "A": {"default": "1"}}}',
            '{\n\t"target": {},\n\t"variable": {\n\t\t"A": {"default": "1"},\n\t\t"FLASHINFER_VERSION": {\n"default": "0.6.1"}}}',
        ),
        (
            "pyproject",
            '[project]\ndependencies = ["flashinfer-python==0.6.1", "numpy"]\n[project.optional-dependencies]\n'
            'a = ["flashinfer-cubin==0.6.1"]\n',
            "[project.optional-dependencies]\na = [\n  'flashinfer-cubin == 0.6.1',\n]\n"
            "[project]\ndependencies = [\n  'numpy',\n  # why\n  'flashinfer_python[x]==0.6.1',\n]\n",
        ),
        (
            "yaml",
            "env:\n  FLASHINFER_VERSION: 0.6.1\njobs:\n  a:\n    run: pip install flashinfer-cubin==0.6.1\n",
            "jobs: {a: {run: 'pip install -q flashinfer-cubin==0.6.1'}}\nenv: {B: 1, FLASHINFER_VERSION: \"0.6.1\"}\n",
        ),
        (
            "shell",
            "FLASHINFER_VERSION=0.6.1\npip install flashinfer-cubin==0.6.1\n",
            'set -e\npip install \\\n  "flashinfer-cubin==0.6.1" # x\nif true; then\n  export FLASHINFER_VERSION="0.6.1"\nfi\n',
        ),
        (
            "python",
            'setup(extras_require={"a": ["flashinfer-python==0.6.1"]})\n',
            "import x\n\nsetup(\n    name='b',\n    extras_require={\n        'a': [\n            'flashinfer_python==0.6.1',\n        ],\n    },\n)\n",
        ),
        (
            "hcl",
            'variable "FLASHINFER_VERSION" { default = "0.6.1" }\n',
            '# x\ntarget "a" {}\nvariable "FLASHINFER_VERSION" {\n  type = string\n  default = "0.6.1"\n}\n',
        ),
        (
            "makefile",
            "FLASHINFER_VERSION = 0.6.1\n",
            "all:\n\ttrue\n\noverride FLASHINFER_VERSION \\\n  := 0.6.1 # x\n",
        ),
    ],
)
def test_a_refactor_keeps_anchors(form: str, before: str, after: str) -> None:
    assert anchors(form, before) == anchors(form, after) != set()


@pytest.mark.parametrize(
    ("form", "before", "after"),
    [
        ("dockerfile", "ARG FLASHINFER_VERSION=0.6.1\n", "ARG KIT_FLASHINFER_VERSION=0.6.1\n"),
        ("yaml", "env: {FLASHINFER_VERSION: 0.6.1}\n", "variables: {FLASHINFER_VERSION: 0.6.1}\n"),
        ("requirements", "flashinfer-python==0.6.1\n", "flashinfer-cubin==0.6.1\n"),
    ],
)
def test_a_new_name_is_another_anchor(form: str, before: str, after: str) -> None:
    assert not anchors(form, before) & anchors(form, after)
