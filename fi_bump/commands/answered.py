"""Run a command and print its answer as one JSON document."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout

from fi_bump.editing.write import witnessed
from fi_bump.errors import FiBumpError
from fi_bump.report.json.envelope import enveloped
from fi_bump.terminal.facts import collecting
from fi_bump.terminal.output import write_document
from fi_bump.terminal.wanted import OutputChoices


def answered(command: str, action: Callable[[], int], document: str | None = None) -> int:
    """Run the action, print the JSON document of schemas/answer.schema.json, and return the exit code.

    What the action prints becomes messages. With `document`, its standard output is a text, such as a patch, which the
    result has under this name. An error that fi-bump explains is in the document, and is raised again after it.
    """
    out, err = _stream(), _stream()
    error: FiBumpError | None = None
    code = 0
    choice, OutputChoices.colour = OutputChoices.colour, "never"
    with collecting() as facts, witnessed() as changes, redirect_stdout(out), redirect_stderr(err):
        try:
            code = action()
        except FiBumpError as problem:
            error = problem
        finally:
            OutputChoices.colour = choice
    printed = _text(out)
    if document is not None and error is None:
        facts[document] = printed
        printed = ""
    messages = [line for text in (printed, _text(err)) for line in text.removesuffix("\n").split("\n") if text]
    result = None if error is not None and not facts else facts
    write_document(enveloped(command, code, result, changes=changes, messages=messages, error=error))
    if error is not None:
        raise error
    return code


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)  # made above
    return raw.getvalue().decode("utf-8", "replace")
