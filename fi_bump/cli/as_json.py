"""`--format json` when a command line fails: the error is printed as the command's document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from fi_bump.errors import FiBumpError, UsageError
from fi_bump.terminal.wanted import OutputChoices


def prepare(words: Sequence[str]) -> None:
    """Make errors documents if these words of a command line ask for the format json."""
    given = list(words)[: words.index("--")] if "--" in words else list(words)
    if "--format=json" not in given and ("--format", "json") not in pairwise(given):
        return

    def document(error: FiBumpError) -> None:
        from fi_bump.report.json.envelope import enveloped
        from fi_bump.terminal.output import write_document

        write_document(enveloped(command_of(given), error.exit, None, error=error))

    OutputChoices.document_of = document


def command_of(words: Sequence[str]) -> str | None:
    """Return the command that these words name, such as `site add`; None for words that name none."""
    from fi_bump.cli.without_typer import table

    commands = table("command_line.json")
    name, waiting = "", ""
    for word in words:
        if waiting:
            waiting = ""
        elif word.startswith("-"):
            options = commands[name]["options"]
            waiting = next((word for each in options if each["value"] and word in each["names"]), "")
        elif (inner := f"{name} {word}".strip()) in commands:
            name = inner
        elif name and any(each.startswith(f"{name} ") for each in commands):
            return None
        else:
            break
    return name if name and not any(each.startswith(f"{name} ") for each in commands) else None


def typed(app: Callable[..., int]) -> int:
    """Run the application and return its exit code. Raises UsageError for what typer refuses."""
    try:
        return int(app(prog_name="fi-bump", standalone_mode=False) or 0)
    except Exception as error:
        # typer does not export the class of the errors that it shows itself.
        if not hasattr(error, "format_message"):
            raise
        context = getattr(error, "ctx", None)
        path = "fi-bump" if context is None else context.command_path
        message = error.format_message().rstrip(".")
        message = message[:1].lower() + message[1:].removeprefix("Value error, ")
        raise UsageError(message, hint=f"run {path} --help") from None
