"""Pins in tox.ini and setup.cfg: whole results, and the laws."""

from __future__ import annotations

import pytest

from tests.formats import laws
from tests.formats.results import look, rows

# For each file: its path, its text, and what is found in it.
FORMS = [
    (
        "tox.ini",
        "[tox]\n"
        "requires =\n"
        "    tox>=4\n"
        "    flashinfer-jit-cache==0.6.1\n"
        "[testenv]\n"
        "deps =\n"
        "    # flashinfer-python==0.6.1\n"
        "    py312,cuda: flashinfer-python==0.6.1  # why\n"
        '    !cuda: flashinfer_cubin == 0.6.1 ; python_version>"3"\n'
        "    -r requirements.txt\n"
        "    torch==0.6.1\n"
        "setenv =\n"
        "    FLASHINFER_VERSION = 0.6.1\n"
        "    X=1\n"
        "commands =\n"
        "    pip install flashinfer-python==0.6.1 \\\n"
        "        flashinfer-cubin==0.6.1\n"
        "    pytest {posargs}\n"
        "description = flashinfer-python==0.6.1\n",
        [
            "4:27 tox.requires/flashinfer-jit-cache 0.6.1",
            "8:36 testenv.deps/flashinfer-python 0.6.1",
            "9:32 testenv.deps/flashinfer-cubin 0.6.1",
            "13:26 testenv.setenv/FLASHINFER_VERSION 0.6.1",
            "16:36 testenv.commands/flashinfer-python 0.6.1",
            "17:27 testenv.commands/flashinfer-cubin 0.6.1",
        ],
    ),
    (
        "setup.cfg",
        "[metadata]\n"
        "name = x\n"
        "version = 0.6.1\n"
        "[options]\n"
        "install_requires =\n"
        "    flashinfer-cubin==0.6.1\n"
        "    torch\n"
        "[options.extras_require]\n"
        "gpu = flashinfer-python[cu13]==0.6.1\n",
        [
            "6:23 options.install_requires/flashinfer-cubin 0.6.1",
            "9:32 options.extras_require.gpu/flashinfer-python 0.6.1",
        ],
    ),
    # What lists include from other sections, and a version that only wanted packages take.
    (
        "tox.ini",
        "[base]\n"
        "fi = 0.6.1\n"
        "all = flashinfer-cubin==0.6.1\n"
        "both = 0.6.1\n"
        "unused = 0.6.1\n"
        "[testenv]\n"
        "deps =\n"
        "    flashinfer-python=={[base]fi}\n"
        "    cuda: flashinfer_cubin[cu13] == {[base]fi}\n"
        "    {[base]all}\n"
        "    flashinfer-python=={[base]both}\n"
        "    other=={[base]both}\n"
        "    flashinfer-cubin=={[base]gone}\n",
        [
            "2:6 base.fi 0.6.1",
            "3:25 base.all/flashinfer-cubin 0.6.1",
            "11:24 ? flashinfer-python: '{[base]both}' is not a version",
            "13:23 ? flashinfer-cubin: '{[base]gone}' is not a version",
        ],
    ),
    (
        "tox.ini",
        "[testenv:py]\ndeps=flashinfer-python>=0.6\n  flashinfer-cubin\n",
        ["3:3 ? flashinfer-cubin: has no version specifier", "2:23 ~ flashinfer-python>=0.6"],
    ),
    (
        "tox.ini",
        "[testenv]\n"
        "set_env =\n"
        "    FLASHINFER_VERSION = {env:FLASHINFER_VERSION:0.6.1}\n"
        "deps = flashinfer-python=={env:X:0.6.1}\n",
        ["3:50 testenv.set_env/FLASHINFER_VERSION 0.6.1"],
    ),
    (
        "setup.cfg",
        '[options]\ninstall_requires:\n\tflashinfer-python == 0.6.1 ; python_version > "3"\r\n\tflashinfer-cubin==${X}\r\n',
        ["3:23 options.install_requires/flashinfer-python 0.6.1"],
    ),
    (
        "tox.ini",
        "[testenv]\n"
        "pass_env = FLASHINFER_VERSION\n"
        "set_env =\n"
        "    gpu: FLASHINFER_VERSION=0.6.1\n"
        "    FLASHINFER_VERSION = {env:X}\n",
        ["4:29 testenv.set_env/FLASHINFER_VERSION 0.6.1"],
    ),
]


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_forms(path: str, text: str, expected: list[str]) -> None:
    assert rows(look(path, text.encode())) == expected


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_laws(path: str, text: str, expected: list[str]) -> None:
    laws.hold(lambda data: look(path, data), text.encode(), "0.6.11.post2", "1.0rc1")
