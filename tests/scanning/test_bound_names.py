"""Variables of any name that hold a version because a requirement refers to them."""

from __future__ import annotations

import pytest

from fi_bump.pins import BY_HAND, Source, Wanted
from fi_bump.scanning.bound_names import is_specific
from fi_bump.scanning.look import look
from tests.formats.results import REPOSITORY, rows

WANTED = Wanted(
    frozenset({"flashinfer-python", "flashinfer-cubin"}), frozenset({"FLASHINFER_VERSION"}), frozenset({REPOSITORY})
)
UNSET = "takes its version from {}, which this file does not set"


def found(path: str, text: str) -> list[str]:
    return rows(look(Source(path, text.encode()), WANTED))


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.sh", 'X="v0.6.1"\npip install flashinfer-cubin==$X\n', ["1:5 X 0.6.1"]),
        ("a.sh", 'X="${X:-0.6.1}"\npip install "flashinfer-cubin[cu13]==${X}+cu130"\n', ["1:9 X 0.6.1"]),
        ("a.sh", f"X=0.6.1\ngit clone -b v$X https://{REPOSITORY}.git\n", ["1:3 X 0.6.1"]),
        ("a.sh", f"X=0.6.1\ncurl -LO https://{REPOSITORY}/archive/refs/tags/v$X.tar.gz\n", ["1:3 X 0.6.1"]),
        ("a.sh", "X=0.6.1\nX_Y=0.6.1\nA_X=0.6.1\npip install flashinfer-cubin==$X\n", ["1:3 X 0.6.1"]),
        (
            "a.sh",
            "X=0.6.1\npip install flashinfer-cubin==$X other==$X\n",
            ["2:31 ? flashinfer-cubin: takes its version from X, as other does, so fi-bump does not move it"],
        ),
        ("justfile", 'x := "0.6.1"\na:\n    pip install "flashinfer-python=={{ x }}"\n', ["1:7 x 0.6.1"]),
        ("justfile", 'x := "v0.6.1"\na:\n    pip install flashinfer-python=={{x}}\n', ["1:8 x 0.6.1"]),
        ("justfile", 'x-y := env("Y", "0.6.1")\na:\n    pip install flashinfer-python=={{x-y}}\n', ["1:18 x_y 0.6.1"]),
        ("justfile", "x := env('Y', '0.6.1')\na:\n    pip install flashinfer-python=={{x}}\n", ["1:16 x 0.6.1"]),
        (
            "Taskfile.yml",
            "vars:\n  X: 0.6.1\ntasks:\n  a:\n    cmds:\n      - pip install flashinfer-python=={{.X}}\n",
            ["2:6 vars.X 0.6.1"],
        ),
        (
            "Taskfile.yml",
            "tasks:\n  a:\n    vars: {X: '{{.X | default \"0.6.1\"}}'}\n    cmds:\n"
            "      - pip install flashinfer-python=={{.X}}\n",
            ["3:32 tasks.a.vars.X 0.6.1"],
        ),
        (
            "play.yml",
            "- vars:\n    x: 0.6.1\n  tasks:\n    - command: pip install flashinfer-python=={{ x }}\n",
            ["2:8 vars.x 0.6.1"],
        ),
        (
            "pod.yaml",
            'args: ["pip install flashinfer-python=={{ .Values.flashinfer.version }}"]\n',
            [f"1:40 ? flashinfer-python: {UNSET.format('.Values.flashinfer.version')}"],
        ),
        # What is reported is reported once.
        (
            "a.py",
            'FLASHINFER_VERSION = "0.6.1"\ny = f"flashinfer-python=={FLASHINFER_VERSION}"\n'
            'z = dict({"FLASHINFER_VERSION": "0.6.1"})\n',
            ["1:23 FLASHINFER_VERSION 0.6.1", f"3:34 ? FLASHINFER_VERSION: an entry in a table: {BY_HAND}"],
        ),
        # From one variable to the next.
        ("a.sh", 'Y=0.6.1\nX="${Y}"\npip install flashinfer-cubin==$X\n', ["1:3 Y 0.6.1"]),
        ("a.sh", "Y=0.6.1\nA_X=$Z\nX=$Y\npip install flashinfer-cubin==$X\n", ["1:3 Y 0.6.1"]),
        ("a.sh", "X=$FLASHINFER_VERSION\npip install flashinfer-cubin==$X\n", []),
        (
            "a.sh",
            "X=${FLASHINFER_VERSION:-0.6.1}\npip install flashinfer-cubin==$X\n",
            ["1:25 FLASHINFER_VERSION 0.6.1"],
        ),
        ("a.sh", "X=$Y\npip install flashinfer-cubin==$X\n", [f"2:31 ? flashinfer-cubin: {UNSET.format('Y')}"]),
        (
            "a.sh",
            "Y=0.6.1\nX=$Y\npip install flashinfer-cubin==$X\npip install other==$Y\n",
            ["3:31 ? flashinfer-cubin: takes its version from Y, as other does, so fi-bump does not move it"],
        ),
        ("a.sh", "X=$Y\nY=$X\npip install flashinfer-cubin==$X\n", [f"3:31 ? flashinfer-cubin: {UNSET.format('X')}"]),
        (
            "Dockerfile",
            "FROM a\nARG FLASHINFER_VERSION=0.6.1\nENV X $FLASHINFER_VERSION\nRUN pip install flashinfer-python==$X\n",
            ["2:24 ARG FLASHINFER_VERSION 0.6.1"],
        ),
        ("Makefile", "X ?= $(Y)\nY := 0.6.1\na:\n\tpip install flashinfer-python==$(X)\n", ["2:6 Y 0.6.1"]),
        (
            "ci.yml",
            "env:\n  Y: 0.6.1\njobs:\n  a:\n    env:\n      X: ${{ env.Y }}\n"
            "    run: pip install flashinfer-python==${{ env.X }}\n",
            ["2:6 env.Y 0.6.1"],
        ),
        ("a.sh", "pip install flashinfer-cubin==$X\n", [f"1:31 ? flashinfer-cubin: {UNSET.format('X')}"]),
        (
            "Dockerfile",
            "ARG X=0.6.1\nFROM a\nARG X\nRUN pip install flashinfer-python==${X}\nFROM b\nENV X=v0.6.1\n",
            ["1:7 ARG X 0.6.1", "6:8 ENV X 0.6.1"],
        ),
        ("Dockerfile", "FROM a\nENV X 0.6.1\nENV FLASHINFER_VERSION=${X}\n", ["2:7 ENV X 0.6.1"]),
        ("Dockerfile", "FROM a\nENV FLASHINFER_VERSION=${X}\n", []),
        ("Makefile", "X ?= 0.6.1\na:\n\tpip install flashinfer-python==$(X)\n", ["1:6 X 0.6.1"]),
        ("Makefile", "X := v0.6.1 # why\na:\n\tpip install flashinfer-python==$${X}\n", ["1:7 X 0.6.1"]),
        (
            "ci.yml",
            "env:\n  X: 0.6.1\njobs:\n  a:\n    run: pip install flashinfer-python==${{ env.X }}\n",
            ["2:6 env.X 0.6.1"],
        ),
        ("a.py", 'X = "0.6.1"\ny = f"flashinfer-python[cu13]=={X}"\n', ["1:6 X 0.6.1"]),
        ("a.py", 'X: str = "v0.6.1"\ny = "flashinfer-python==" + X\n', ["1:12 X 0.6.1"]),
        (
            "a.py",
            'FLASHINFER_VERSION = "0.6.1"\ny = "flashinfer-python==%s" % (FLASHINFER_VERSION,)\n',
            ["1:23 FLASHINFER_VERSION 0.6.1"],
        ),
        ("a.py", 'X = os.getenv("Y", "0.6.1")\ny = "flashinfer-python=={}".format(X)\n', ["1:21 X 0.6.1"]),
        ("a.py", f'X = "0.6.1"\ny = f"git+https://{REPOSITORY}.git@v{{X}}"\n', ["1:6 X 0.6.1"]),
        (
            "a.py",
            'from b import X\npip_install(f"flashinfer-python=={X}")\n',
            [f"2:15 ? flashinfer-python: {UNSET.format('X')}"],
        ),
    ],
)
def test_the_definition_is_the_pin(path: str, text: str, expected: list[str]) -> None:
    assert found(path, text) == expected


def test_a_pin_that_is_the_value_needs_no_report() -> None:
    text = "context:\n  name: flashinfer-python\n  version: 0.6.1\nsource:\n  url: https://x.example/flashinfer_python-${{ version }}.tar.gz\n"
    assert found("recipe.yaml", text) == ["3:12 context.flashinfer-python 0.6.1"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("FI_VERSION", True),
        ("FI_GIT", True),
        ("VERSION", False),
        ("GIT_TAG", False),
        ("X", False),
        ("PIP_VERSION", False),
    ],
)
def test_names_to_look_for_in_every_file(name: str, *, expected: bool) -> None:
    assert is_specific(name) is expected
