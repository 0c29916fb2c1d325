"""Answer `--help` and TAB from tables, because importing typer takes longer than either may.

The tables are made of typer's own commands (tools/command_line.py), and tests compare every answer with typer's. What
is not in the tables is left to typer: each function returns None for it.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress

from fi_bump.boundary.reading import read_data
from fi_bump.records import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, TextIO

# The width for which help is kept: typer's help is not wider, whatever the terminal is.
HELP_COLUMNS = 80


def table(name: str) -> Any:
    """Return one of the tables that tools/command_line.py writes."""
    return json.loads(read_data(name))


def help_text(arguments: Sequence[str], output: TextIO) -> str | None:
    """Return the help that these arguments ask for, or None if they are not a command and a single `--help`."""
    *words, last = arguments
    if last not in ("-h", "--help") or any(word.startswith("-") for word in words) or _columns(output) < HELP_COLUMNS:
        return None
    lines = table("help.json").get(" ".join(words))
    return None if lines is None else "".join([f"{line}\n" for line in lines])


def _columns(output: TextIO) -> int:
    """Return the width of the terminal, as shutil.get_terminal_size does, whose import takes longer."""
    given = 0
    with suppress(ValueError):
        given = int(os.environ.get("COLUMNS", ""))
    if given > 0:
        return given
    try:
        return os.get_terminal_size(output.fileno()).columns or HELP_COLUMNS
    except (OSError, ValueError):
        return HELP_COLUMNS


def completed(environment: Mapping[str, str]) -> tuple[str, int] | None:
    """Return what the shell that asks is told, and the exit code; None if typer must answer."""
    shell = environment.get("_FI_BUMP_COMPLETE", "").removeprefix("complete_")
    if shell == "bash":
        words, place = split(environment.get("COMP_WORDS", "")), environment.get("COMP_CWORD", "")
        if not place.isdecimal():
            return None
        number = int(place)
        offered = suggestions(words[1:number], words[number] if number < len(words) else "")
        return "\n".join([value for value, _ in offered]) + "\n", 0
    if shell not in ("zsh", "fish"):
        return None
    line = environment.get("_TYPER_COMPLETE_ARGS", "")
    words = split(line)[1:]
    typed = words.pop() if words and not line.endswith(" ") else ""
    offered = suggestions(words, typed)
    if shell == "zsh":
        return _for_zsh(offered), 0
    return _for_fish(offered, environment.get("_TYPER_COMPLETE_FISH_ACTION", ""))


def split(line: str) -> list[str]:
    """Return the words of an unfinished command line, in which a quote may be open."""
    import shlex

    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words = []
    try:
        for word in lexer:
            words.append(word)
    except ValueError:  # an open quote, or a backslash at the end
        words.append(lexer.token)
    return words


def _for_zsh(offered: list[tuple[str, str]]) -> str:
    """Return the command that zsh evaluates. Every text is quoted: of typer's own form zsh runs parts of some texts."""
    if not offered:
        return "_files\n"
    shown = [_zsh(value) + (f":{_zsh(about)}" if about else "") for value, about in offered]
    return "_arguments '*: :(({}))'\n".format("\n".join(shown))


def _zsh(text: str) -> str:
    """Quote a text for `_arguments '((VALUE:MEANING ...))'`: for the pair, the list of words and the single quotes."""
    in_pair = re.sub(r"([\\:])", r"\\\1", text)
    in_list = re.sub(r"([^\w@%+,./-])", r"\\\1", in_pair)
    return in_list.replace("'", r"'\''")


def _for_fish(offered: list[tuple[str, str]], action: str) -> tuple[str, int]:
    if action == "is-args":
        return "", 0 if offered else 1
    shown = [f"{value}\t{about}" if about else value for value, about in offered]
    return "\n".join(shown if action == "get-args" else []) + "\n", 0


def suggestions(words: list[str], typed: str) -> list[tuple[str, str]]:
    """Return each text that may replace the typed one, and what it means, after the complete words of a line."""
    command, inner, given, root = _command(words)
    if typed == "=":
        typed = ""
    elif typed.startswith("-") and "=" in typed:
        option, _, typed = typed.partition("=")
        words = [*words, option]
    if not typed.startswith("-") or "--" in words:
        last = words[-1] if words else ""
        for option in command["options"]:
            if option["value"] and last.startswith("-") and last in option["names"]:
                return _values(option["suggest"], root, typed)
        for number, argument in enumerate(command["arguments"]):
            if argument["many"] or str(number) not in given:
                return _values(argument["suggest"], root, typed)
    return [(name, each["help"]) for name, each in inner.items() if not each["hidden"] and name.startswith(typed)] + [
        (name, option["help"])
        for option in command["options"]
        if not option["hidden"] and (option["multiple"] or option["names"][0] not in given)
        for name in option["names"]
        if typed.startswith("-") and name.startswith(typed)
    ]


def _command(words: list[str]) -> tuple[dict[str, Any], dict[str, Any], dict[str, str], str]:
    """Return the command of a line, those in it, what is given to it, and the folder that `-C` names."""
    commands = table("command_line.json")
    path, root = "", "."
    while True:
        command = commands[path]
        given, words = parse(command, words)
        root = given.get("-C", root)
        if not words or words[0] not in command["commands"]:
            return command, {name: commands[f"{path} {name}".strip()] for name in command["commands"]}, given, root
        path, words = f"{path} {words[0]}".strip(), words[1:]


def _values(suggest: list[str] | str | None, root: str, typed: str) -> list[tuple[str, str]]:
    """Return the suggested values: those of a list, or what the lock in the folder has."""
    if suggest is None:
        return []
    if not isinstance(suggest, str):
        return [(value, "") for value in suggest if value.startswith(typed)]
    from fi_bump.cli import completion
    from fi_bump.scanning.upwards import enter

    return [(value, "") for value in completion.suggest(suggest, enter(root), typed)]


def parse(command: dict[str, Any], words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the options and arguments that are given, and the words that are neither.

    An option's key is its first name, an argument's its number. From the first wrong option on nothing more is read.
    """
    by_name = {name: option for option in command["options"] for name in option["names"]}
    given: dict[str, str] = {}
    others: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            break
        if not word.startswith("-") or word == "-":
            others.append(word)
            if command["commands"]:  # The options after the name of a command are that command's.
                break
        elif not _option(by_name, word, waiting, given):
            return given, others
    return given, _arguments(command["arguments"], [*others, *waiting], given)


def _option(by_name: dict[str, Any], word: str, waiting: list[str], given: dict[str, str]) -> bool:
    """Read one word of options, with the value from the waiting words. Return whether it was right."""
    name, joined, value = word.partition("=")
    if name in by_name and len(name) > 2:
        names = [name]
        if joined and not by_name[name]["value"]:
            return False
    elif word.startswith("--"):
        return False
    else:
        names, joined, value = _letters(by_name, word)
    for name in names:
        if name not in by_name:
            return False
        option = by_name[name]
        if not option["value"]:
            given[option["names"][0]] = ""
        elif joined:
            given[option["names"][0]] = value
        elif waiting:
            given[option["names"][0]] = waiting.pop(0)
        else:
            return False
    return True


def _letters(by_name: dict[str, Any], word: str) -> tuple[list[str], str, str]:
    """Return the options of a word such as `-iC..`, and what is joined to the last one, twice."""
    names = []
    for place, letter in enumerate(word[1:], 2):
        names.append(f"-{letter}")
        if f"-{letter}" not in by_name or by_name[f"-{letter}"]["value"]:
            return names, word[place:], word[place:]
    return names, "", ""


def _arguments(arguments: list[dict[str, Any]], words: list[str], given: dict[str, str]) -> list[str]:
    """Give each argument its word, and return the words that are left over."""
    for number, argument in enumerate(arguments):
        if argument["many"]:
            return []
        if words:
            given[str(number)], *words = words
    return words
