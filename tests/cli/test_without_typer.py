"""Tests of help and TAB without typer: every answer is that of typer, for every command, option and argument."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer._completion_classes import BashComplete, FishComplete, ZshComplete

from fi_bump.cli import without_typer
from fi_bump.cli.app import app
from tests.conftest import LOCK, TREE, plant
from tools import command_line

COMMANDS: dict[str, Any] = command_line.completions()
TYPER = typer.main.get_command(app)


class Quoted(ZshComplete):
    """What typer suggests to zsh, quoted: typer's own form is run by zsh where a text has a backslash before a dollar."""

    def format_completion(self, item: Any) -> str:
        meaning = " ".join((item.help or "").split())
        return without_typer._zsh(item.value) + (f":{without_typer._zsh(meaning)}" if meaning else "")


SHELLS: dict[str, Any] = {"bash": BashComplete, "zsh": Quoted, "fish": FishComplete}


@pytest.fixture(scope="module", autouse=True)
def ordered() -> Iterator[None]:
    """Let typer suggest the names of `--help` in one order: it keeps them in a set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer._click.Command, "get_help_option_names", lambda _, context: [*context.help_option_names])
        yield


def test_the_tables_are_those_of_the_application() -> None:
    assert command_line.stale() == []


@pytest.mark.slow
@pytest.mark.parametrize("columns", [60, 79, 80, 81, 200])
def test_help_is_that_of_typer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    with open(tmp_path / "output", "w") as output:
        for path in COMMANDS:
            words = path.split()
            with pytest.raises(SystemExit):
                app(args=[*words, "--help"], prog_name="fi-bump")
            shown = capsys.readouterr().out
            for option in ("-h", "--help"):
                kept = without_typer.help_text([*words, option], output)
                assert kept == (shown if columns >= 80 else None)


@pytest.mark.parametrize(
    "arguments", [["--version", "--help"], ["x", "--help"], ["-C", "x", "set", "-h"], ["set", "x", "-h"]]
)
def test_help_after_other_words_is_left_to_typer(tmp_path: Path, arguments: list[str]) -> None:
    with open(tmp_path / "output", "w") as output:
        assert without_typer.help_text(arguments, output) is None


@pytest.mark.parametrize(("columns", "width"), [("100", 100), ("0", 80), ("", 80), ("wide", 80), ("-1", 80)])
def test_the_width_is_that_of_the_standard_library(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, columns: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    with open(tmp_path / "output", "w") as output:
        assert without_typer._columns(output) == width


def asked(shell: str, words: list[str], action: str = "get-args") -> dict[str, str]:
    """Return the variables with which a shell asks what completes the last word; no word has blanks or quotes."""
    environment = {"_FI_BUMP_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_FISH_ACTION": action}
    if shell == "bash":
        return environment | {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}
    return environment | {"_TYPER_COMPLETE_ARGS": " ".join(words)}


def typers(monkeypatch: pytest.MonkeyPatch, shell: str, environment: dict[str, str]) -> tuple[str, int]:
    """Return what typer prints, and its exit code. It breaks descriptions into lines, and they stay whole here."""
    with monkeypatch.context() as patch:
        for name, value in {**environment, "COLUMNS": "10000"}.items():
            patch.setenv(name, value)
        complete = SHELLS[shell](TYPER, {}, "fi-bump", "_FI_BUMP_COMPLETE")
        descriptions = {each.help for each in complete.get_completions(*complete.get_completion_args()) if each.help}
        try:
            text = complete.complete()
        except SystemExit as leaving:
            return "", int(str(leaving.code))
    for each in sorted(descriptions, key=len, reverse=True):
        text = text.replace(each, " ".join(each.split()))
    return f"{text}\n", 0


def same(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    """Assert that each shell is told what typer tells it."""
    for shell in SHELLS:
        for action in ("get-args", "is-args") if shell == "fish" else ("",):
            environment = asked(shell, words, action)
            with monkeypatch.context() as patch:
                for name, value in environment.items():
                    patch.setenv(name, value)
                answer = without_typer.completed(os.environ)
            assert answer == typers(monkeypatch, shell, environment), (shell, words)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The current folder, with a lock, and without an index."""
    root = tmp_path_factory.mktemp("engine")
    plant(root, {**TREE, "versions.lock.json": LOCK})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(root / "cache"))
        patch.setenv("PIP_INDEX_URL", "http://index.invalid/simple")
        patch.chdir(root)
        yield root


def lines(path: str) -> Iterator[list[str]]:
    """Yield command lines that end in each name, value and place of a command."""
    command, before = COMMANDS[path], ["fi-bump", *path.split()]
    for typed in ("", "-", "--", "x", "--no-such", "=", *[name[:-1] for name in command["commands"]]):
        yield [*before, typed]
    for option in command["options"]:
        for name in option["names"]:
            yield [*before, name]
            yield [*before, name, ""]
            yield [*before, name, "-"]
            yield [*before, name, "x", ""]
            yield [*before, name, "=", ""]
            yield [*before, f"{name}="]
            yield [*before, f"{name}=x", ""]
        suggested = option["suggest"] if isinstance(option["suggest"], list) else []
        yield from ([*before, option["names"][0], value[:-1]] for value in suggested)
        yield from ([*before, f"{option['names'][0]}={value[:1]}"] for value in suggested)
    for number in range(1, len(command["arguments"]) + 2):
        yield [*before, *["x"] * number, ""]
        yield [*before, "--", *["x"] * number]
    suggested = next((each["suggest"] for each in command["arguments"] if isinstance(each["suggest"], list)), [])
    yield from ([*before, value[:2]] for value in suggested)


@pytest.mark.slow
@pytest.mark.parametrize("path", COMMANDS)
def test_each_shell_is_told_what_typer_tells_it(tree: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    for words in lines(path):
        same(monkeypatch, words)


@pytest.mark.parametrize(
    "line",
    [
        "fi-bump set fl",
        "fi-bump set flashinfer == ",
        "fi-bump -C . set fl",
        "fi-bump -C nowhere set fl",
        "fi-bump -C nowhere -C . set fl",
        "fi-bump -C. set fl",
        "fi-bump -VC . set fl",
        "fi-bump -C",
        "fi-bump -C nowhere -",
        "fi-bump site remove docker/D",
        "fi-bump site move docker/Dockerfile ",
        "fi-bump member set fl",
        "fi-bump smoke --group f",
        "fi-bump smoke --group=f",
        "fi-bump smoke --only=env",
        "fi-bump set -i --",
        "fi-bump set -ix --",
        "fi-bump hold flashinfer ",
        "fi-bump --version ",
        "fi-bump nothing --",
        "fi-bump merge-driver --",
    ],
)
def test_what_the_lock_has_is_suggested_as_by_typer(tree: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    same(monkeypatch, line.split(" "))


WORDS = sorted(
    {"", "-", "--", "=", "==", "x", "-x", "-C.", "-iC", "--format=te", "--group=", "0.7", "flashinfer"}
    | {name for path in COMMANDS for name in path.split()}
    | {name for command in COMMANDS.values() for option in command["options"] for name in option["names"]}
)


@settings(max_examples=150, deadline=None)
@given(words=st.lists(st.sampled_from(WORDS), max_size=6))
def test_any_line_is_completed_as_by_typer(tree: Path, words: list[str]) -> None:
    same(pytest.MonkeyPatch(), ["fi-bump", *words])


@pytest.mark.parametrize("line", ["fi-bump 'set", "fi-bump se\\", 'fi-bump "a b" ', "", "fi-bump", "fi-bump # x"])
def test_an_unfinished_line_is_split_as_by_typer(line: str) -> None:
    from typer._click.shell_completion import split_arg_string

    assert without_typer.split(line) == split_arg_string(line)


# Texts that a lock may have as the anchors of sites: they say what zsh would do with them unquoted.
AWKWARD = [
    "a#$(touch ran)",
    "a#\\$(touch ran)",
    "a#`touch ran`",
    "a#\\`touch ran`",
    "a#);touch ran;(",
    'a#\\"); touch ran; (\\"',
    "a#'));touch ran;_arguments '*: :((",
    "a: b",
    "a\\: b\\",
    "a  'b' \"c\"",
    "=a ~b *c ?d [e] {f,g} <h> i|j & !k ^l #m",
    "\\e\\n",
    "café#ключ",
]


def test_zsh_is_told_each_text_in_two_layers_of_quotes() -> None:
    """In single quotes, a list of words; in each word, `:` and a backslash have a backslash before them."""
    answer = without_typer._for_zsh([(text, f"what {text} is") for text in AWKWARD])
    command, action = shlex.split(answer)
    assert command == "_arguments"
    assert (action[:6], action[-2:]) == ("*: :((", "))")
    pairs = [re.split(r"(?<!\\)((?:\\\\)*):", word, maxsplit=1) for word in shlex.split(action[6:-2])]
    plain = [(re.sub(r"\\(.)", r"\1", value + end), re.sub(r"\\(.)", r"\1", about)) for value, end, about in pairs]
    assert plain == [(text, f"what {text} is") for text in AWKWARD]
    assert without_typer._for_zsh([]) == "_files\n"


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed here")
def test_zsh_runs_nothing_of_a_text(tmp_path: Path) -> None:
    """The function of the completion script, with what zsh's own `_arguments` does to a list of words."""
    answer = without_typer._for_zsh([(text, "") for text in AWKWARD])
    (tmp_path / "answer").write_text(answer)
    script = (
        """_arguments() { local action=${1#'*: :'} ws; eval ws\\=\\( "${action[3,-3]}" \\); print -rl -- $ws }\n"""
        "eval $(cat answer)\n"
    )
    done = subprocess.run(["zsh", "-f", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert [re.sub(r"\\(.)", r"\1", line) for line in done.stdout.splitlines()] == AWKWARD
    assert (done.stderr, sorted(path.name for path in tmp_path.iterdir())) == ("", ["answer"])


@pytest.mark.parametrize(
    "environment",
    [
        {"_FI_BUMP_COMPLETE": "source_bash"},
        {"_FI_BUMP_COMPLETE": "complete_pwsh", "_TYPER_COMPLETE_ARGS": "fi-bump "},
        {"_FI_BUMP_COMPLETE": "complete_bash", "COMP_WORDS": "fi-bump", "COMP_CWORD": "x"},
        {"_FI_BUMP_COMPLETE": ""},
    ],
)
def test_other_questions_are_left_to_typer(environment: dict[str, str]) -> None:
    assert without_typer.completed(environment) is None
