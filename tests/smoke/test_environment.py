"""Tests of making environments: real ones from a folder of wheels, and with fake installers from an index."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fi_bump.errors import FiBumpError, UsageError
from fi_bump.lock.records import Group, Member
from fi_bump.smoke import environment
from fi_bump.smoke.environment import EnvironmentRequest, Maker, wanted_for
from tests.smoke.fakes import wheel

GROUP = Group(
    "flashinfer",
    "0.6.8.post1",
    (
        Member("flashinfer-cubin"),
        Member("flashinfer-jit-cache", ("https://example.invalid/whl/cu130",), "cu130"),
        Member("flashinfer-python"),
        Member("flashinfer-extras"),
    ),
)


@pytest.fixture(autouse=True)
def no_uv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A PATH with only the commands that a test adds."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return folder


def test_from_an_index() -> None:
    assert wanted_for(GROUP, "0.6.9", None, ("torch==2.11.0",)) == EnvironmentRequest(
        ("flashinfer-cubin==0.6.9", "flashinfer-jit-cache==0.6.9+cu130", "flashinfer-python==0.6.9", "torch==2.11.0"),
        ("https://example.invalid/whl/cu130",),
    )


def test_from_a_folder(tmp_path: Path) -> None:
    house = tmp_path / "house"
    for name, version in [
        ("flashinfer-python", "0.6.9"),
        ("flashinfer-jit-cache", "0.6.9+cu130"),
        ("flashinfer-cubin", "0.6.8"),
    ]:
        wheel(house, name, version, {})
    wanted = wanted_for(GROUP, "0.6.9", str(house), ())
    assert wanted == EnvironmentRequest(("flashinfer-jit-cache==0.6.9", "flashinfer-python==0.6.9"), (), str(house))


@pytest.mark.parametrize(
    ("versions", "hint"),
    [([], "put that wheel there"), (["0.6.8", "0.6.10"], "put that wheel there; the folder has 0.6.10, 0.6.8")],
)
def test_a_folder_without_the_wheel(tmp_path: Path, versions: list[str], hint: str) -> None:
    for version in versions:
        wheel(tmp_path, "flashinfer-python", version, {})
    with pytest.raises(UsageError) as caught:
        wanted_for(GROUP, "0.6.9", str(tmp_path), ())
    assert str(caught.value) == f"{tmp_path}: this folder has no wheel of flashinfer-python 0.6.9"
    assert caught.value.hint == hint


@pytest.mark.slow
def test_a_real_environment_from_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = tmp_path / "house"
    wheel(house, "kit", "1.0", {"kit.py": "print('kit 1.0')\n"}, ("part>=1",))
    wheel(house, "part", "1.5", {"part.py": ""})
    # Settings that name another source of packages must be ignored.
    other = tmp_path / "other"
    wheel(other, "part", "9.0", {"part.py": ""})
    monkeypatch.setenv("PIP_FIND_LINKS", str(other))
    wanted = EnvironmentRequest(("kit==1.0",), (), str(house))
    heard: list[str] = []
    maker = Maker(str(tmp_path / "cache"), heard.append)
    python = maker.make(wanted)
    show = [python, "-c", "import kit, importlib.metadata as m; print(m.version('part'))"]
    assert subprocess.run(show, capture_output=True, text=True, check=True).stdout == "kit 1.0\n1.5\n"
    assert [line for line in heard if line.startswith("Successfully installed")] == [
        "Successfully installed kit-1.0 part-1.5"
    ]
    # The second call finds the environment of the first.
    heard.clear()
    assert (maker.make(wanted), heard) == (python, [])
    # After a wheel in the folder was replaced, the same requirements need another environment.
    key = environment._key(wanted)
    os.utime(next(house.glob("kit*")), ns=(1, 1))
    assert environment._key(wanted) != key


RECORD = """#!{python}
import json, os, sys
with open({log!r}, "a") as file:
    file.write(json.dumps([sys.argv[1:], sorted(n for n in os.environ if n.startswith(("PIP_", "UV_")))]) + "\\n")
{rest}
"""


def fake_uv(folder: Path, log: Path, rest: str = "") -> None:
    """Put a uv on PATH that records its calls."""
    path = folder / "uv"
    path.write_text(RECORD.format(python=sys.executable, log=str(log), rest=rest))
    path.chmod(0o755)


@pytest.mark.slow
def test_with_uv_and_an_index(tmp_path: Path, no_uv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_INDEX_URL", "https://example.invalid/simple")
    log = tmp_path / "calls"
    fake_uv(no_uv, log, "os.makedirs(sys.argv[-1]) if sys.argv[1] == 'venv' else None")
    python = Maker(str(tmp_path / "cache")).make(EnvironmentRequest(("a==1", "b"), ("https://example.invalid/more",)))
    home = str(Path(python).parent.parent)
    install = ["pip", "install", "--python", python, "--extra-index-url", "https://example.invalid/more", "a==1", "b"]
    assert [json.loads(line) for line in log.read_text().split("\n")[:-1]] == [
        [["venv", "--quiet", "--seed", "--python", sys.executable, home], ["UV_INDEX_URL"]],
        [install, ["UV_INDEX_URL"]],
    ]


@pytest.mark.slow
def test_with_uv_and_a_folder(tmp_path: Path, no_uv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_INDEX_URL", "https://example.invalid/simple")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    log = tmp_path / "calls"
    fake_uv(no_uv, log, "os.makedirs(sys.argv[-1]) if sys.argv[1] == 'venv' else None")
    python = Maker(str(tmp_path / "cache")).make(EnvironmentRequest(("a==1",), (), str(tmp_path)))
    home = str(Path(python).parent.parent)
    names = ["PIP_CONFIG_FILE", "UV_CACHE_DIR", "UV_NO_CONFIG", "UV_OFFLINE"]
    assert [json.loads(line) for line in log.read_text().split("\n")[:-1]] == [
        [["venv", "--quiet", "--python", sys.executable, home], names],
        [["pip", "install", "--python", python, "--no-index", "--find-links", str(tmp_path), "a==1"], names],
    ]


@pytest.mark.slow
def test_an_install_that_fails_is_tried_again(tmp_path: Path, no_uv: Path) -> None:
    log = tmp_path / "calls"
    half = "os.makedirs(sys.argv[-1] + '/half') if sys.argv[1] == 'venv' else None\n"
    fake_uv(no_uv, log, half + "print('No solution found'); sys.exit(sys.argv[1] == 'pip')")
    maker, wanted = Maker(str(tmp_path / "cache")), EnvironmentRequest(("a==1", "b"))
    for _ in range(2):
        with pytest.raises(FiBumpError) as caught:
            maker.make(wanted)
        assert str(caught.value) == "cannot install a==1 b: exited with 1: No solution found"
        home = tmp_path / "cache" / "environments" / environment._key(wanted)
        assert caught.value.hint == f"see its output in {home}.log"
    # An incomplete environment was removed first, otherwise makedirs would have failed.
    assert len(log.read_text().split("\n")) == 5


@pytest.mark.slow
def test_an_installer_that_cannot_be_started(tmp_path: Path, no_uv: Path) -> None:
    (no_uv / "uv").write_bytes(b"\x7fELF nonsense")
    (no_uv / "uv").chmod(0o755)
    with pytest.raises(FiBumpError) as caught:
        Maker(str(tmp_path / "cache")).make(EnvironmentRequest(("a==1",)))
    assert str(caught.value) == f"{no_uv / 'uv'} cannot be started: exec format error"


PIP = """\
Collecting kit
ERROR: Cannot install kit==1 and part==2 because these package versions have conflicting dependencies.

The conflict is caused by:
    The user requested part==2
    kit 1 depends on part>=3

To fix this you could try to:
ERROR: ResolutionImpossible: for help visit a page
"""
UV = """\
error: No solution found when resolving dependencies
  cause: Because kit==1 depends on part>=3, we can conclude that you require part>=3.
         And because you require part==2, we can conclude that your requirements are unsatisfiable.
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (PIP, "kit 1 depends on part>=3"),
        (
            "ERROR: No matching distribution found for kit==1\nnote: see below\n",
            "No matching distribution found for kit==1",
        ),
        (UV, "Because kit==1 depends on part>=3, we can conclude that you require part>=3."),
    ],
)
def test_what_an_installer_says_of_a_conflict(output: str, reason: str, tmp_path: Path, no_uv: Path) -> None:
    fake_uv(no_uv, tmp_path / "calls", f"sys.stdout.write({output!r}); sys.exit(sys.argv[1] == 'pip')")
    with pytest.raises(FiBumpError) as caught:
        Maker(str(tmp_path / "cache")).make(EnvironmentRequest(("kit==1", "part==2")))
    assert str(caught.value) == f"cannot install kit==1 part==2: {reason}"
