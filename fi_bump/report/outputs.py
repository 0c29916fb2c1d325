"""`--output [FORMAT=]FILE`: the files that a report is written to, beside standard output."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from fi_bump.errors import UsageError

Format = TypeVar("Format", bound=str)


class Output(NamedTuple, Generic[Format]):
    """A file that a report is written to, and its format."""

    format: Format
    path: str


def parse_output(text: str, formats: Sequence[Format], endings: Mapping[str, Format]) -> Output[Format]:
    """Parse `FORMAT=FILE`, or a file name whose ending names the format. Raises UsageError for any other text."""
    name, equals, path = text.partition("=")
    named = next((form for form in formats if form == name), None)
    if equals and path and named is not None:
        return Output(named, path)
    form = endings.get(os.path.splitext(text)[1].lower())
    if form is None:
        hint = f"end the name with {', '.join(endings)}, or write FORMAT={text} with one of {', '.join(formats)}"
        raise UsageError(f"'{text}' does not name a format", hint=hint)
    return Output(form, text)
