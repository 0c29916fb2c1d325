"""Tests of shell completion: it speaks each shell's own protocol, needs no network, and never prints an error."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fi_bump.cli import completion
from fi_bump.cli.completion import Escaped
from fi_bump.index.cache import Cache, default_folder
from fi_bump.index.pages import ACCEPT
from tests.conftest import LOCK, OLD, TREE, plant

HERE = Path(sys.executable).parent
KIT = b'"groups": {"kit": {"version": "1.0", "packages": {"kit": {}}},'
INDEX = "http://index.invalid/simple"


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An engine's repository, and an index whose host does not exist but whose answers are in the cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_INDEX_URL", INDEX)
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    for package, versions in (
        ("flashinfer-python", ["0.6.8.post1", "0.7.0", "0.7.1"]),
        ("flashinfer-cubin", ["0.7.0"]),
    ):
        stem = package.replace("-", "_")
        files = [
            {
                "filename": f"{stem}-{version}-py3-none-any.whl",
                "url": f"{stem}-{version}-py3-none-any.whl",
                "hashes": {},
            }
            for version in versions
        ]
        page = {"meta": {"api-version": "1.0"}, "name": package, "files": files}
        Cache(default_folder()).put(
            f"{ACCEPT} {INDEX}/{package}/",
            {"content-type": "application/vnd.pypi.simple.v1+json"},
            json.dumps(page).encode(),
        )
    root = tmp_path / "engine"
    plant(root, {**TREE, "versions.lock.json": LOCK})
    return root


def test_versions_that_every_member_has_are_offered_with_the_locked_one(engine: Path) -> None:
    assert completion.targets(str(engine), [], "") == ["0.7.0", OLD, "flashinfer==0.7.0", f"flashinfer=={OLD}"]
    assert completion.targets(str(engine), [], "0.7") == ["0.7.0"]
    assert completion.targets(str(engine), [], "fl") == ["flashinfer==0.7.0", f"flashinfer=={OLD}"]
    assert completion.targets(str(engine), ["flashinfer", "=="], "0.6") == [OLD]
    assert completion.targets(str(engine), ["flashinfer"], "==") == ["0.7.0", OLD]
    assert completion.targets(str(engine), ["other", "=="], "") == []


@pytest.mark.parametrize("lock", [None, b"", b"{", b'{"lock-version": 99}'])
def test_without_a_lock_nothing_is_offered(tmp_path: Path, lock: bytes | None) -> None:
    if lock is not None:
        plant(tmp_path, {"versions.lock.json": lock})
    assert completion.targets(str(tmp_path), [], "") == []
    assert completion.groups(str(tmp_path)) == []
    assert completion.sites(str(tmp_path)) == []


LINES = [
    ("fi-bump set fl", ["flashinfer==0.7.0", f"flashinfer=={OLD}"]),
    ("fi-bump smoke --group f", ["flashinfer"]),
    ("fi-bump template gitlab-c", ["gitlab-compare"]),
    ("fi-bump site remove docker/D", ["docker/Dockerfile#ARG FLASHINFER_VERSION"]),
    ("fi-bump stat", ["status"]),
    ("fi-bump -C nowhere set f", []),
]


@pytest.mark.slow
@pytest.mark.parametrize(("line", "offered"), LINES)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_is_answered(engine: Path, shell: str, line: str, offered: list[str]) -> None:
    words = line.split(" ")
    environment = {**os.environ, "_FI_BUMP_COMPLETE": f"complete_{shell}"}
    if shell == "bash":
        environment |= {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}
    else:
        environment |= {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    done = subprocess.run([HERE / "fi-bump"], cwd=engine, env=environment, capture_output=True, text=True)
    assert done.stderr == ""
    # bash inserts a suggestion as it is printed, and zsh evaluates what is printed, so both need backslashes.
    shown = done.stdout if shell == "fish" else done.stdout.replace("\\", "")
    assert [text for text in offered if text not in shown] == []
    if not offered:
        assert "==" not in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("template gitlab-c", "gitlab-compare"),
        ("site remove docker/Dockerfile#", "docker/Dockerfile#ARG\\ FLASHINFER_VERSION"),
        ("site remove 'docker/Dockerfile#ARG\\ F'", "docker/Dockerfile#ARG\\ FLASHINFER_VERSION"),
        # A quote is open: the word that bash passes on begins with it.
        ('site remove "\'docker/Dockerfile#ARG F"', "docker/Dockerfile#ARG FLASHINFER_VERSION"),
        ("site remove '\"docker/Dockerfile#A'", "docker/Dockerfile#ARG FLASHINFER_VERSION"),
        ("latest f", "flashinfer"),
        ("audit 0.7", "0.7.0"),
        # Bash splits `kit==`, `flashinfer==0.7` and `kit==1` into these words.
        ("set kit ==", "1.0"),
        ("set --offline flashinfer == 0.7", "0.7.0"),
        ("set flashinfer == 0.7.0 kit == 1", "1.0"),
        ("init --group ji", ""),
        ("init --group nix", "nixl"),
        ("smoke --only env", "environment"),
    ],
)
def test_bash_itself(engine: Path, words: str, said: str) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    if "kit" in words:
        plant(engine, {"versions.lock.json": LOCK.replace(b'"groups": {', KIT, 1)})
    script = (
        'eval "$(_FI_BUMP_COMPLETE=source_bash fi-bump)"\n'
        f"COMP_WORDS=(fi-bump {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n"
        "_fi_bump_completion fi-bump; printf '%s\\n' \"${COMPREPLY[@]}\"\n"
    )
    environment = {**os.environ, "PATH": f"{HERE}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([bash, "-c", script], cwd=engine, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"{said}\n", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "check",
        "status",
        "set --offline --dry-run 0.7.0 2>/dev/null",
        "--help",
        "check --format sarif",
        "template github-bump --source git+https://host.invalid/x@0123456789012345678901234567890123456789",
    ],
)
def test_output_goes_into_head(engine: Path, command: str) -> None:
    pipe = f"{HERE / 'fi-bump'} {command} | head -n 1"
    done = subprocess.run(["sh", "-c", pipe], cwd=engine, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


def test_each_command_is_told_in_a_line() -> None:
    listed = subprocess.run([HERE / "fi-bump", "--help"], capture_output=True, text=True).stdout
    assert "..." not in listed.partition("Commands:")[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "usage", "said"),
    [
        (
            ["check", "--fxi"],
            "fi-bump check [OPTIONS] [PATH]...\nTry 'fi-bump check -h'",
            "No such option: --fxi (Possible options: --fix)",
        ),
    ],
)
def test_a_typo_is_wrong_usage_with_a_suggestion(line: list[str], usage: str, said: str) -> None:
    done = subprocess.run([HERE / "fi-bump", *line], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Usage: {usage} for help.\n\nError: {said}\n"


@pytest.mark.parametrize(
    ("text", "plain", "single", "double"),
    [
        ("a#ARG B", r"a#ARG\ B", "a#ARG B", "a#ARG B"),
        ("a'b", r"a\'b", r"a'\''b", "a'b"),
        ('a"$b`\\', r"a\"\$b\`\\", 'a"$b`\\', r"a\"\$b\`\\"),
        ("a;(b)&", r"a\;\(b\)\&", "a;(b)&", "a;(b)&"),
    ],
)
def test_an_open_quote_decides_what_is_escaped(text: str, plain: str, single: str, double: str) -> None:
    assert [str(Escaped(text, quote)) for quote in ("", "'", '"')] == [plain, single, double]
    for typed in (plain, f"'{single}'", f'"{double}"'):
        done = subprocess.run(["bash", "-c", f"printf %s {typed}"], capture_output=True, text=True, check=True)
        assert done.stdout == text
