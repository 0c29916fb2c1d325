"""Write the tables of fi_bump/cli/without_typer.py (the help of each command, what TAB completes) and the man page.

All are made of the typer application in the same tree as this file.

    python tools/command_line.py            write the tables
    python tools/command_line.py --check    fail when they are stale
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent
# The package of this tree, also where another one is installed.
sys.path.insert(0, str(TOP))

import typer  # noqa: E402  # after the line above, which says where from

from fi_bump.cli.app import app  # noqa: E402  # as above
from fi_bump.cli.without_typer import HELP_COLUMNS  # noqa: E402  # as above
from tools import man  # noqa: E402  # as above

FOLDER = "fi_bump/data"
# What suggests the values of an option or argument from the lock, by the name of typer's function.
_OF_THE_LOCK = {f"complete_{name}": name for name in ("groups", "sites", "members", "targets")}


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:  # typer's own types are private
    """Yield the words and the context of every command, the whole application first."""
    waiting: list[tuple[tuple[str, ...], Any, Any]] = [((), typer.main.get_command(app), None)]
    while waiting:
        words, command, parent = waiting.pop(0)
        context = command.context_class(
            command, info_name=words[-1] if words else "fi-bump", parent=parent, **command.context_settings
        )
        yield words, context
        waiting += [((*words, name), each, context) for name, each in getattr(command, "commands", {}).items()]


def help_pages() -> dict[str, list[str]]:
    """Return the lines that `--help` prints for each command."""
    pages = {}
    for words, context in commands():
        context.terminal_width = HELP_COLUMNS - 2
        pages[" ".join(words)] = context.command.get_help(context).split("\n")
    return pages


def completions() -> dict[str, Any]:
    """Return the commands, options and arguments of each command."""
    return {" ".join(words): _completion(context) for words, context in commands()}


def _completion(context: Any) -> dict[str, Any]:
    command = context.command
    parameters = command.get_params(context)
    options = [each for each in parameters if each.param_type_name == "option"]
    arguments = [each for each in parameters if each.param_type_name == "argument"]
    if any(each.nargs not in (1, -1) for each in arguments) or any(each.nargs != 1 for each in options):
        raise SystemExit(
            f"{context.command_path}: fi_bump/cli/without_typer.py reads one value or any number, not others"
        )
    return {
        "help": _plain(command.get_short_help_str()),
        "hidden": command.hidden,
        "commands": list(getattr(command, "commands", {})),
        "options": [
            {
                # typer has the names of its own --help in any order.
                "names": context.help_option_names if each.name == "help" else [*each.opts, *each.secondary_opts],
                "value": not each.is_flag,
                "multiple": each.multiple,
                "hidden": each.hidden,
                "help": _plain(each.help or ""),
                "suggest": _suggest(each, context),
            }
            for each in options
        ],
        "arguments": [{"many": each.nargs == -1, "suggest": _suggest(each, context)} for each in arguments],
    }


def _plain(text: str) -> str:
    return " ".join(text.split())


def _suggest(parameter: Any, context: Any) -> list[str] | str | None:
    """Return the values that complete a parameter, or the name of what the lock has; None for no values or files."""
    function = parameter._custom_shell_complete
    if function is not None:
        # typer keeps the function in the one that it makes of it.
        inner = next(cell.cell_contents for cell in function.__closure__ if callable(cell.cell_contents))
        source = next((cell.cell_contents for cell in inner.__closure__ or () if callable(cell.cell_contents)), inner)
        if source.__name__ in _OF_THE_LOCK:
            return _OF_THE_LOCK[source.__name__]
    return [item.value for item in parameter.shell_complete(context, "")] or None


def tables() -> dict[str, str]:
    """Return the text of each file, by its path."""
    made = {
        f"{FOLDER}/{name}": json.dumps(table, indent=1, ensure_ascii=False) + "\n"
        for name, table in (("help.json", help_pages()), ("command_line.json", completions()))
    }
    return {**made, man.PAGE: man.man_page(list(commands()))}


def stale() -> list[str]:
    """Return the files that are not as the application makes them."""
    return [
        name
        for name, text in tables().items()
        if not (TOP / name).exists() or (TOP / name).read_text(encoding="utf-8") != text
    ]


def main() -> int:
    """Write or check the tables; the exit code is 1 when they are checked and stale."""
    if "--check" not in sys.argv:
        for name, text in tables().items():
            (TOP / name).parent.mkdir(exist_ok=True)
            (TOP / name).write_text(text, encoding="utf-8")
        return 0
    for name in stale():
        print(f"{name} does not follow fi_bump/cli: run python tools/command_line.py")
    return 1 if stale() else 0


if __name__ == "__main__":
    raise SystemExit(main())
