"""Pins in Jenkinsfiles and Groovy scripts: whole results, and the laws."""

from __future__ import annotations

import pytest

from fi_bump.pins import BY_HAND
from tests.formats import laws
from tests.formats.results import look, rows

# For each file: its path, its text, and what is found in it.
FORMS = [
    (
        "Jenkinsfile",
        "pipeline {\n  environment { FLASHINFER_VERSION = '0.6.1' }\n  parameters {\n    string(name: 'FLASHINFER_VERSION', defaultValue: '0.6.1', description: 'it\\'s')\n    string(defaultValue: \"0.6.1\", name: \"VLLM_FLASHINFER_VERSION\")\n  }\n  stages { stage('x') { steps {\n    // flashinfer-python==0.6.1\n    sh 'pip install flashinfer-python==0.6.1'\n    sh \"\"\"\n      git clone https://github.com/flashinfer-ai/flashinfer.git\n      cd flashinfer && git checkout v0.6.1\n      pip install \\\"flashinfer-cubin==0.6.1\\\" flashinfer-python==${FLASHINFER_VERSION}\n    \"\"\"\n    withEnv(['FLASHINFER_VERSION=0.6.1']) { }\n    image = docker.image('org/runner:flashinfer-0.6.1')\n  }}}\n}\n",
        [
            "2:39 FLASHINFER_VERSION 0.6.1",
            "4:55 FLASHINFER_VERSION (2) 0.6.1",
            "5:27 VLLM_FLASHINFER_VERSION 0.6.1",
            "9:40 flashinfer-python 0.6.1",
            "12:38 git checkout github.com/flashinfer-ai/flashinfer 0.6.1",
            "13:39 flashinfer-cubin 0.6.1",
            "15:34 FLASHINFER_VERSION (3) 0.6.1",
            "16:49 ? github.com/flashinfer-ai/flashinfer: part of an image tag: publish the new image first, then "
            + BY_HAND,
        ],
    ),
    (
        "a.groovy",
        'def FLASHINFER_VERSION = "0.6.1"\n'
        "/* sh 'pip install flashinfer-python==0.6.1' */\n"
        'sh "pip install flashinfer-python==${V}"\n',
        ["1:27 FLASHINFER_VERSION 0.6.1"],
    ),
    (
        "Jenkinsfile.gpu",
        "sh '''\n  pip install \\\n    flashinfer-python==0.6.1 # it's\n'''\nx = 'flashinfer'\n",
        ["3:24 flashinfer-python 0.6.1"],
    ),
    (
        "Jenkinsfile",
        "string(name: 'X', defaultValue: 'FLASHINFER_VERSION')\n"
        "string(name: 'FLASHINFER_VERSION')\n"
        "f(defaultValue: '0.6.1')\n",
        [],
    ),
]


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_forms(path: str, text: str, expected: list[str]) -> None:
    assert rows(look(path, text.encode())) == expected


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_laws(path: str, text: str, expected: list[str]) -> None:
    laws.hold(lambda data: look(path, data), text.encode(), "0.6.11.post2", "1.0rc1")
