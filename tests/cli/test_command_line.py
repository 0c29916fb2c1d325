"""Tests of the command line itself: help, version, completion, colour."""

from __future__ import annotations

import ast
import os
import site
import subprocess
import sys
from pathlib import Path

import pytest

import fi_bump
from fi_bump import __version__
from fi_bump.scanning.upwards import plain
from tests.conftest import Run


def test_version(engine: Path, run: Run) -> None:
    for option in ("--version", "-V"):
        assert run(engine, option) == (0, f"fi-bump {__version__}\n", "")


def test_the_version_that_is_printed_before_typer_is_imported_is_that_of_typer(engine: Path, run: Run) -> None:
    assert "typer" not in loaded("--version")
    assert "typer" in loaded("-C", ".", "--version")
    assert run(engine, "--version") == run(engine, "-C", ".", "--version")


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--version", "--help"], ["--version", "check"], ["--version", "--fxi"]])
def test_a_version_with_other_words_is_parsed_by_typer(engine: Path, run: Run, arguments: list[str]) -> None:
    assert "typer" in loaded(*arguments)
    assert run(engine, *arguments) == run(engine, "-C", ".", *arguments)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_version_that_cannot_be_printed() -> None:
    def version(*before: str) -> tuple[int, bytes]:
        command = [sys.executable, "-m", "fi_bump", *before, "--version"]
        with open("/dev/full", "wb") as full:
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE)
        return done.returncode, done.stderr

    assert version() == version("-C", ".")
    assert version()[0] == 3


FOR_THE_VERSION = {"fi_bump", "fi_bump.__main__"}
FOR_HELP = FOR_THE_VERSION | {"fi_bump.cli", "fi_bump.cli.without_typer", "fi_bump.records"}
FOR_HELP |= {"fi_bump.boundary", "fi_bump.boundary.reading"}
FOR_NAMES = FOR_HELP | {"fi_bump.errors", "fi_bump.terminal", "fi_bump.terminal.output", "fi_bump.terminal.wanted"}
FOR_NAMES |= {"fi_bump.untrusted"}
# None of these is needed for a TAB.
SLOW = {"dataclasses", "http", "importlib.metadata", "packaging", "pathlib", "rich", "ssl", "subprocess", "typer"}


def loaded(*arguments: str, **variables: str) -> set[str]:
    """Return the modules of fi_bump, and the top-level names of all others, that a command line has loaded at its end.

    Python runs without site-packages' .pth files, which may load modules that are not fi-bump's.
    """
    program = (
        "import atexit, sys\n"
        "from fi_bump.__main__ import main\n"
        "atexit.register(lambda: sys.stderr.write('\\n' + ' '.join(sys.modules)))\n"
        f"sys.argv = ['fi-bump', *{list(arguments)!r}]\n"
        "main()\n"
    )
    paths = [str(Path(fi_bump.__file__).parent.parent), *site.getsitepackages()]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "COLUMNS": "80", **variables}
    done = subprocess.run([sys.executable, "-S", "-c", program], env=environment, capture_output=True, text=True)
    modules = done.stderr.split("\n")[-1].split()
    return {name if name.startswith("fi_bump") else name.partition(".")[0] for name in modules}


def test_the_version_loads_nothing_else() -> None:
    for name in ("--version", "-V"):
        modules = loaded(name)
        assert {name for name in modules if name.startswith("fi_bump")} == FOR_THE_VERSION
        assert modules - FOR_THE_VERSION <= sys.stdlib_module_names | {"__main__"}
        assert {"re", "enum", "collections"} & modules == set()


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["set", "--help"], ["check", "-h"], ["site", "add", "--help"], ["member", "-h"], ["init", "--help"]],
)
def test_help_loads_no_command_and_not_typer(arguments: list[str]) -> None:
    modules = loaded(*arguments)
    assert {name for name in modules if name.startswith("fi_bump")} == FOR_HELP
    assert modules - FOR_HELP <= sys.stdlib_module_names | {"__main__"}
    assert SLOW & modules == set()


def test_help_for_a_narrow_terminal_loads_typer_and_no_command() -> None:
    modules = loaded("set", "--help", COLUMNS="60")
    assert {"typer", "fi_bump.cli.set"} <= modules
    assert "fi_bump.commands" not in modules


@pytest.mark.parametrize("line", ["fi-bump ", "fi-bump se", "fi-bump set --", "fi-bump check --format ", "fi-bump -"])
def test_a_tab_after_names_loads_no_command_and_not_typer(line: str) -> None:
    modules = loaded(_FI_BUMP_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=line)
    assert {name for name in modules if name.startswith("fi_bump")} == FOR_NAMES
    assert modules - FOR_NAMES <= sys.stdlib_module_names | {"__main__"}
    assert SLOW & modules == set()


def test_status_in_a_pipe_loads_neither_typer_nor_rich(engine: Path) -> None:
    modules = loaded("-C", str(engine), "status")
    assert "fi_bump.report.status" in modules
    assert {"typer", "rich", "packaging", "http", "ssl", "subprocess"} & modules == set()


def test_a_plain_latest_does_not_load_typer(engine: Path) -> None:
    modules = loaded("-C", str(engine), "latest", FI_BUMP_OFFLINE="1")
    assert "fi_bump.commands.latest" in modules
    assert "typer" not in modules
    assert "typer" in loaded("-C", str(engine), "latest", "--exit-code", FI_BUMP_OFFLINE="1")


@pytest.mark.parametrize("line", [["latest", "kit"], ["-C", "", "latest"], ["latest", "-q"], ["status"], []])
def test_other_lines_of_latest_need_typer(line: list[str]) -> None:
    assert plain(line, "latest") is None


def test_no_module_of_the_command_line_imports_a_command_before_it_is_run() -> None:
    # The help of one command loads the modules of all.
    early = []
    for path in (Path(fi_bump.__file__).parent / "cli").glob("*.py"):
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fi_bump.commands"):
                early.append(f"{path.name}:{node.lineno}")
    assert early == []


@pytest.mark.parametrize(
    "command", ["init", "set", "check", "status", "smoke", "latest", "audit", "site", "pr-body", "fleet"]
)
def test_every_command_explains_itself(engine: Path, run: Run, command: str) -> None:
    result = run(engine, command, "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"Usage: fi-bump {command} [OPTIONS]")
    assert "\x1b" not in result.out


def test_the_help_names_the_commands_and_exit_codes(engine: Path, run: Run) -> None:
    result = run(engine, "--help")
    assert [word for word in ("init", "set", "check", "status", "smoke") if f"\n  {word} " not in result.out] == []
    text = " ".join(result.out.split())
    assert "0 success, 1 findings, 2 wrong usage, 3 the command could not do its job, 130 interrupted" in text
    assert "docs/glossary.md in fi-bump's source explains the words pin, site," in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["set"], "name the version to move to"),
        (["status", "--format", "xml"], "'xml' is not one of 'text', 'json'."),
        (
            ["check", "--format", "xml"],
            "'xml' is not one of 'text', 'json', 'github', 'gitlab', 'junit', 'markdown', 'sarif'.",
        ),
        (["check", "--fxi"], "No such option: --fxi"),
    ],
)
def test_wrong_usage_exits_2(engine: Path, run: Run, arguments: list[str], message: str) -> None:
    result = run(engine, *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["update", "0.6.13"], "there is no command 'update'", "run fi-bump set 0.6.13"),
        (["upgrade", "kit==1.2", "--offline"], "there is no command 'upgrade'", "run fi-bump set kit==1.2 --offline"),
        (["Bump"], "there is no command 'Bump'", "run fi-bump set VERSION; fi-bump latest shows the versions"),
        (["fix", "a b.txt"], "there is no command 'fix'", "run fi-bump check --fix 'a b.txt'"),
        (["outdated"], "there is no command 'outdated'", "run fi-bump latest"),
        (["help", "check"], "there is no command 'help'", "run fi-bump --help check"),
        (["sett", "1.0"], "there is no command 'sett'", "did you mean set?"),
        (["chekc"], "there is no command 'chekc'", "did you mean check?"),
        (["pr_body"], "there is no command 'pr_body'", "did you mean pr-body?"),
        (["xyzzy"], "there is no command 'xyzzy'", "run fi-bump --help to list the commands"),
        (["site", "ad"], "there is no command 'ad'", "did you mean add?"),
        (["site", "update"], "there is no command 'update'", "run fi-bump site --help to list the commands"),
    ],
)
def test_a_wrong_command_names_the_right_one(
    engine: Path, run: Run, arguments: list[str], message: str, hint: str
) -> None:
    assert run(engine, *arguments) == (2, "", f"fi-bump: {message}\nhelp: {hint}\n")


REPORTS = "'text', 'json', 'github', 'gitlab', 'junit', 'markdown', 'sarif'"


@pytest.mark.parametrize(
    ("command", "usage", "option", "values"),
    [
        ("status", "[OPTIONS]", "--format", "'text', 'json'"),
        ("latest", "[OPTIONS] [GROUP]...", "--format", "'text', 'json'"),
        ("check", "[OPTIONS] [PATH]...", "--format", REPORTS),
        ("audit", "[OPTIONS] [[GROUP==]VERSION]...", "--format", REPORTS),
        ("smoke", "[OPTIONS]", "--format", REPORTS.replace("text", "table") + ", 'svg'"),
        ("smoke", "[OPTIONS]", "--jit", "'auto', 'quick', 'path', 'full'"),
    ],
)
def test_a_wrong_value_names_the_values(
    engine: Path, run: Run, command: str, usage: str, option: str, values: str
) -> None:
    complaint = (
        f"Usage: fi-bump {command} {usage}\nTry 'fi-bump {command} -h' for help.\n\n"
        f"Error: Invalid value for '{option}': 'xml' is not one of {values}.\n"
    )
    assert run(engine, command, option, "xml") == (2, "", complaint)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_for_each_shell(engine: Path, shell: str) -> None:
    environment = {**os.environ, "_FI_BUMP_COMPLETE": f"source_{shell}"}
    done = subprocess.run([sys.executable, "-m", "fi_bump"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0
    assert "_FI_BUMP_COMPLETE" in done.stdout


def test_no_colour_where_none_is_wanted(engine: Path) -> None:
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "fi_bump", "-C", str(engine), "status"]
    assert b"\x1b" not in subprocess.run(command, env=environment, capture_output=True, check=True).stdout


def test_an_interrupt_before_anything_is_imported(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fi_bump.commands import check

    def interrupted(arguments: list[str]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "parse", interrupted)
    assert run(tmp_path, "check") == (130, "", "fi-bump: interrupted\n")
