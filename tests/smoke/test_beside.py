"""Tests of an environment's packages besides the group: the repository's own pins, --with, and those of a base."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fi_bump.smoke import environment
from fi_bump.smoke import session as session_module
from fi_bump.smoke.environment import EnvironmentRequest
from tests.conftest import NEW, OLD, Run, plant
from tests.smoke.fakes import fake_python, wheel

GROUP = (f"flashinfer-cubin=={OLD}", f"flashinfer-python=={OLD}")
AGREE = {
    "requirements/gpu.txt": b"torch==2.11.0\nnvidia-cutlass-dsl==4.5.2\n",
    "Dockerfile": b"FROM x\nRUN pip install torch==2.11.0+cpu\n",
}
DISAGREE = {**AGREE, "requirements/tpu.txt": b"torch==2.10.0\n"}
SAYS_TORCH = "also torch==2.11.0, because the repository pins it\n"
SAYS_DSL = "also nvidia-cutlass-dsl==4.5.2, because the repository pins it\n"
SAYS_BOTH_TORCHES = (
    "the repository pins 2.10.0, 2.11.0 of torch, so none is required; choose with --with torch==VERSION\n"
)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[EnvironmentRequest]:
    """The requests for environments; a fake makes each environment."""
    asked: list[EnvironmentRequest] = []

    class Made(environment.Maker):
        def make(self, wanted: EnvironmentRequest) -> str:
            asked.append(wanted)
            return fake_python(tmp_path / "made", {"environment": "answer('pass', path=os.environ['PATH'])"})

    monkeypatch.setattr(session_module, "Maker", Made)
    return asked


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tree", "arguments", "requirements", "said"),
    [
        ({}, (), GROUP, ""),
        (AGREE, (), (*GROUP, "torch==2.11.0", "nvidia-cutlass-dsl==4.5.2"), SAYS_TORCH + SAYS_DSL),
        (DISAGREE, (), (*GROUP, "nvidia-cutlass-dsl==4.5.2"), SAYS_BOTH_TORCHES + SAYS_DSL),
        (
            DISAGREE,
            ("--with", "torch==2.10.0", "--with", "NVIDIA_cutlass.dsl"),
            (*GROUP, "torch==2.10.0", "NVIDIA_cutlass.dsl"),
            "",
        ),
        (AGREE, ("--wheelhouse", "house"), (f"flashinfer-python=={OLD}", "nvidia-cutlass-dsl==4.5.2"), SAYS_DSL),
        (
            {
                "a/requirements.txt": b"nvidia-cutlass-dsl==4.10.0\n",
                "b/requirements.txt": b"nvidia-cutlass-dsl==4.5.1\n",
            },
            ("--wheelhouse", "house"),
            (f"flashinfer-python=={OLD}", "nvidia-cutlass-dsl==4.5.1"),
            "also nvidia-cutlass-dsl==4.5.1: the repository pins 4.5.1, 4.10.0, and the wheelhouse has only this one of them\n",
        ),
        (
            {
                "a/requirements.txt": b"nvidia-cutlass-dsl==4.10.0\n",
                "b/requirements.txt": b"nvidia-cutlass-dsl==4.9.0\n",
            },
            ("--wheelhouse", "house"),
            (f"flashinfer-python=={OLD}",),
            "the repository pins 4.9.0, 4.10.0 of nvidia-cutlass-dsl, so none is required; choose with --with "
            "nvidia-cutlass-dsl==VERSION\n",
        ),
    ],
)
def test_the_repositorys_own_pins_decide(
    tree: dict[str, bytes],
    arguments: tuple[str, ...],
    requirements: tuple[str, ...],
    said: str,
    made: list[EnvironmentRequest],
    run: Run,
    engine: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    plant(engine, tree)
    wheel(tmp_path / "house", "flashinfer-python", OLD, {})
    wheel(tmp_path / "house", "nvidia-cutlass-dsl", "4.5.1", {})
    result = run(engine, "smoke", "--only", "environment", "--cache", str(tmp_path / "cache"), *arguments)
    assert (result.code, [wanted.requirements for wanted in made]) == (0, [requirements])
    assert result.err.startswith(f"{said}making an environment with {' '.join(requirements)}\n")


@pytest.mark.slow
def test_a_base_decides_what_it_holds(made: list[EnvironmentRequest], run: Run, engine: Path, tmp_path: Path) -> None:
    plant(engine, {"requirements/gpu.txt": b"torch==2.11.0\nnvidia-cutlass-dsl==4.5.2\n"})
    base = tmp_path / "base"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", base], check=True)
    (folder,) = base.glob("lib/python*/site-packages")
    plant(folder, {"torch-2.10.dist-info/METADATA": b"Metadata-Version: 2.1\nName: torch\nVersion: 2.10\n"})
    python = str(base / "bin" / "python")
    arguments = ("--only", "environment", "--base", python, "--against", NEW, "--format", "json")
    result = run(engine, "smoke", "--cache", str(tmp_path / "cache"), *arguments)
    assert result.code == 0
    first, second = made
    assert first.requirements == (*GROUP, "nvidia-cutlass-dsl==4.5.2")
    assert second.requirements == (f"flashinfer-cubin=={NEW}", f"flashinfer-python=={NEW}", "nvidia-cutlass-dsl==4.5.2")
    assert first.base is not None
    assert first.base == second.base
    assert (first.base.python, first.base.packages) == (python, {"torch": "2.10"})
    assert result.err.startswith(f"{SAYS_DSL}making an environment with ")
    # On PATH the base's commands come after the environment's own.
    assert f'"path": "{tmp_path / "made"}:{base / "bin"}:' in result.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--base", "none"),
            "fi-bump: 'none' is not a Python interpreter\nhelp: give --base the path of a Python, or its name on PATH",
        ),
        (
            ("--base", sys.executable, "--python", sys.executable),
            "fi-bump: --base cannot be used with --python: --base makes an environment, --python uses an existing one\n"
            "help: leave out --base or --python",
        ),
        (
            ("--base", sys.executable, "--sweep", "nvidia-cutlass-dsl"),
            "fi-bump: --sweep cannot be used with --base: the base may contain the package that is swept\n"
            "help: leave out --base",
        ),
    ],
)
def test_what_goes_with_no_base(
    arguments: tuple[str, ...], message: str, made: list[EnvironmentRequest], run: Run, engine: Path
) -> None:
    result = run(engine, "smoke", *arguments)
    assert (result.code, result.out, result.err, made) == (2, "", f"{message}\n", [])
