"""Tests of reading a repository's requirements, sorted into sets that are installed together; of --resolve with a fake uv."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from fi_bump.audit.resolve import Verdict, resolve
from fi_bump.audit.statements import installed_together
from fi_bump.errors import FiBumpError
from fi_bump.index.cache import Cache
from fi_bump.index.client import Client
from fi_bump.index.configuration import Indexes
from fi_bump.index.http import Http
from fi_bump.index.targets import Targets
from fi_bump.lock.records import Group, Lock, Member
from fi_bump.releases.known import Known, Terms, requires_python
from fi_bump.report.findings.source_lines import Lines
from fi_bump.repository import open_repository
from fi_bump.request import Request
from fi_bump.terminal import waiting as waiting_module
from tests.conftest import NEW, OLD, plant

LOCK = Lock((Group("kit", "1.0", (Member("kit"), Member("kit-cubin"))),), ("third_party",))
PYPROJECT = b"""[project]
name = "x"
requires-python = ">=3.10,<3.13"
dependencies = ["numpy>=2", "kit==1.0", 7]
[project.optional-dependencies]
cu13 = ["kit[cu13]==1.0", "dsl==4.4"]
docs = ["mkdocs"]
[dependency-groups]
dev = ["dsl==4.5", {include-group = "docs"}]
[build-system]
requires = ["setuptools", "kit==1.0"]
[tool.uv]
constraint-dependencies = ["torch<3"]
override-dependencies = ["numpy==1.26"]
find-links = ["wheels"]
[[tool.uv.index]]
url = "https://extra.invalid/simple"
[[tool.uv.index]]
url = "https://default.invalid/simple"
default = true
"""


def stated(root: Path) -> dict[str, list[str]]:
    """Return the requirements by set."""
    return {
        each.name: [f"{one.place.at_line} {one.requirement}" for one in each.stated]
        for each in installed_together(str(root), LOCK)
    }


def test_requirement_files(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "requirements/common.txt": b"numpy\n",
            "requirements/cuda.txt": b"-r common.txt\n-c ../constraints.txt\n--extra-index-url https://x.invalid\nkit==1.0\nnot a requirement\n./local\n",
            "requirements/loop.txt": b"-r loop.txt\nkit-cubin==1.0\n-r missing.txt\n",
            "constraints.txt": b"dsl<5 ; python_version < '4'\nkit @ https://x.invalid/kit-1.0.whl\n",
            "requirements/docs.txt": b"mkdocs\n",
            "third_party/requirements.txt": b"kit==0.9\n",
        },
    )
    assert stated(tmp_path) == {
        "requirements/cuda.txt": [
            "requirements/cuda.txt:4 kit==1.0",
            "requirements/common.txt:1 numpy",
            'constraints.txt:1 dsl<5; python_version < "4"',
        ],
    }


def test_a_pyproject(tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": PYPROJECT})
    base = ["pyproject.toml:4 kit==1.0", "pyproject.toml:13 torch<3"]
    override = ["pyproject.toml:14 numpy==1.26"]
    assert stated(tmp_path) == {
        "pyproject.toml project": [*base, *override],
        "pyproject.toml extra cu13": [*base, "pyproject.toml:6 kit[cu13]==1.0", "pyproject.toml:6 dsl==4.4", *override],
        "pyproject.toml extra docs": [*base, "pyproject.toml:7 mkdocs", *override],
        "pyproject.toml group dev": [*base, "pyproject.toml:9 dsl==4.5", *override],
        "pyproject.toml build-system": ["pyproject.toml:11 setuptools", "pyproject.toml:11 kit==1.0"],
    }
    assert requires_python(str(tmp_path)) == ">=3.10,<3.13"


def test_the_columns_of_a_statement(tmp_path: Path) -> None:
    requirements = "-c constraints.txt\nkit==1.0  # ü\n\tdsl[x]>=4 ; python_version<'4'\nnumpy \\\n  ==2\n"
    plant(
        tmp_path,
        {
            "requirements.txt": requirements.encode(),
            "constraints.txt": b"\xef\xbb\xbfkit-cubin==1.0\n",
            "pyproject.toml": '[project]\ndependencies = ["dsl==4", "kit==1.0", "dsl==4"] # ü\n'.encode()
            + b'[dependency-groups]\ndev = ["k\\u0069t-cubin==1.0"]\n',
        },
    )
    lines = Lines(str(tmp_path))
    found = {
        (each.place.at_line, (place.text or "")[place.column - 1 : place.end_column - 1])
        for together in installed_together(str(tmp_path), LOCK)
        for each in together.stated
        for place in [lines.read(each.place)]
    }
    assert found == {
        ("requirements.txt:2", "kit==1.0"),
        ("requirements.txt:3", "dsl[x]>=4 ; python_version<'4'"),
        ("requirements.txt:4", "numpy"),
        ("constraints.txt:1", "kit-cubin==1.0"),
        ("pyproject.toml:2", "dsl==4"),
        ("pyproject.toml:2", "kit==1.0"),
        ("pyproject.toml:1", ""),
    }


@pytest.mark.parametrize("data", [b"no toml", b"[project]\n", b"project = 1\n", b"[project]\nrequires-python = 3\n"])
def test_a_pyproject_that_says_nothing(tmp_path: Path, data: bytes) -> None:
    plant(tmp_path, {"pyproject.toml": data + b"# kit\n"})
    assert requires_python(str(tmp_path)) is None
    assert [each.stated for each in installed_together(str(tmp_path), LOCK) if each.stated] == []


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a fake uv with this script first on PATH."""
    program = tmp_path / "bin" / "uv"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return program


def verdict(engine: Path, uv: Path, script: str, index: str = "https://user:secret@x.invalid/simple") -> list[Verdict]:
    """Return the verdicts of `--resolve` with this uv."""
    uv.write_text(f"#!/bin/sh\n{script}\n")
    uv.chmod(0o755)
    repository = open_repository(str(engine))
    known = Known(
        Client(Http(Cache(None))),
        Indexes(index, "--index", after=("https://more.invalid/simple",)),
        repository.lock,
        Targets(("3.12",)),
        Terms(),
    )
    return resolve(repository, Request(repository.lock, {"flashinfer": NEW}), known)


def test_what_uv_is_given(engine: Path, uv: Path, tmp_path: Path) -> None:
    plant(engine, {"requirements/common.txt": b"numpy\n"})
    script = f'for last; do :; done\ncat "$last" requirements/common.txt > {tmp_path}/seen; echo "$@" > {tmp_path}/asked; echo "$UV_DEFAULT_INDEX $UV_INDEX" >> {tmp_path}/asked'
    assert verdict(engine, uv, script) == [
        Verdict(True, ("requirements/cuda.txt: uv resolves it for Python 3.12",), "requirements/cuda.txt")
    ]
    seen = (tmp_path / "seen").read_text()
    assert f"flashinfer-python=={NEW}" in seen
    assert OLD not in seen
    assert (tmp_path / "asked").read_text() == (
        "pip compile --quiet --no-header --no-annotate --no-python-downloads --python-version 3.12 --python-platform "
        "x86_64-manylinux_2_35 requirements/cuda.txt\n"
        "https://more.invalid/simple https://user:secret@x.invalid/simple\n"
    )


def test_what_uv_says(engine: Path, uv: Path) -> None:
    plant(engine, {"requirements/common.txt": b"numpy\n"})
    said = verdict(engine, uv, "echo 'no solution at https://user:secret@x.invalid/a' >&2; exit 1")
    assert said == [
        Verdict(
            False,
            ("requirements/cuda.txt: uv cannot resolve it for Python 3.12", "  no solution at https://x.invalid/a"),
            "requirements/cuda.txt",
        )
    ]
    with pytest.raises(FiBumpError) as caught:
        verdict(engine, uv, "echo broken >&2; exit 2")
    assert str(caught.value) == "requirements/cuda.txt: uv could not check it (exit code 2): broken"


def test_uv_is_given_what_a_pyproject_installs(engine: Path, uv: Path, tmp_path: Path) -> None:
    (engine / "requirements/cuda.txt").unlink()
    project = (
        f'[project]\nname = "x"\n{{}}[project.optional-dependencies]\na = ["flashinfer-python=={OLD}"]\nb = ["numpy"]\n'
    )
    groups = f'[dependency-groups]\ngpu = ["flashinfer-python=={OLD}"]\n'
    plant(engine, {"pyproject.toml": (project.format("") + groups).encode()})
    script = f'echo "$@" >> {tmp_path}/asked; cp pyproject.toml {tmp_path}/seen'
    assert verdict(engine, uv, script) == [
        Verdict(True, (f"pyproject.toml {name}: uv resolves it for Python 3.12",), "pyproject.toml")
        for name in ("extra a", "group gpu")
    ]
    ends = [line.partition("manylinux_2_35 ")[2] for line in (tmp_path / "asked").read_text().splitlines()]
    assert ends == ["pyproject.toml --extra a", "pyproject.toml --group pyproject.toml:gpu"]
    assert (tmp_path / "seen").read_text().count(NEW) == 2
    plant(engine, {"pyproject.toml": project.format('dynamic = ["dependencies"]\n').encode()})
    said = "pyproject.toml extra a: uv was not asked, because it would have to build the project"
    assert verdict(engine, uv, "exit 2") == [Verdict(True, (said,), "pyproject.toml")]


def test_nothing_to_resolve(engine: Path, uv: Path) -> None:
    (engine / "requirements/cuda.txt").unlink()
    with pytest.raises(FiBumpError) as caught:
        verdict(engine, uv, "exit 0")
    assert (
        caught.value.message == "no requirement file or pyproject.toml pins flashinfer, so there is nothing to resolve"
    )


def test_no_uv(engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(FiBumpError) as caught:
        resolve(open_repository(str(engine)), Request(LOCK, {}), None)  # type: ignore[arg-type]  # the call raises before it uses this argument
    assert (caught.value.message, caught.value.hint) == (
        "--resolve needs uv, which is not on PATH",
        "run pip install uv",
    )


def test_a_sign_of_life_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with waiting_module.waiting("asking"):
        pass
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(waiting_module, "PATIENCE", 0.0)
    with pytest.raises(ValueError, match="stop"), waiting_module.waiting("asking"):
        raise ValueError("stop")
    capsys.readouterr()
    shown = ""
    # A nested `waiting` shows no second spinner.
    with waiting_module.waiting("asking"), waiting_module.waiting("reading"):
        while "asking …" not in shown:
            shown += capsys.readouterr().err
    assert "reading" not in shown + capsys.readouterr().err
