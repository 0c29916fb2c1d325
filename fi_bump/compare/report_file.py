"""A JSON report of `compare`, read back into a comparison."""

from __future__ import annotations

import json
from typing import Any

from fi_bump import user_files
from fi_bump.boundary.documents import SCHEMA, readable, result_of
from fi_bump.compare.model import CaseChange, ChangeKind, RunComparison, Seen, Side, Whole
from fi_bump.errors import FiBumpError

_HINT = "--compare takes a report of fi-bump compare --format json"


def load(path: str) -> RunComparison:
    """The comparison in a file. Raises FiBumpError for what is no report, or one of another schema."""
    try:
        document = result_of(json.loads(user_files.read(path).decode("utf-8-sig")))
    except (ValueError, RecursionError):
        raise FiBumpError("is not JSON", place=path, hint=_HINT) from None
    if not isinstance(document, dict) or "schema" not in document or "entries" not in document:
        raise FiBumpError("is not a report of fi-bump compare", place=path, hint=_HINT)
    if not readable(document["schema"]):
        message = f"is a report of schema {json.dumps(document['schema'])}, not {SCHEMA}"
        raise FiBumpError(message, place=path, hint="make the report again with this version of fi-bump")
    try:
        return _comparison(document)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise FiBumpError("is not a report of fi-bump compare", place=path, hint=_HINT) from None


def _comparison(document: dict[str, Any]) -> RunComparison:
    whole, limits = document["whole"], document["limits"]
    return RunComparison(
        ok=document["ok"] is True,
        baseline=_side(document["baseline"]),
        run=_side(document["run"]),
        unchanged=int(document["counts"]["unchanged"]),
        entries=tuple(change_of(each) for each in document["entries"]),
        whole=Whole(
            _number(whole["ratio"]), _number(whole["probability"]), whole["shown"] is True, whole["blocks"] is True
        ),
        claims=tuple(map(_text, document["claims"])),
        problems=tuple(map(_text, document["problems"])),
        slower=float(limits["slower"]),
        least_seconds=float(limits["seconds"]),
    )


def _side(document: dict[str, Any]) -> Side:
    runs = document["runs"]
    return Side(
        runs=tuple(_text(run["name"]) for run in runs),
        files=int(document["files"]),
        cases=int(document["cases"]),
        seconds=tuple(float(run["seconds"]) for run in runs),
        damaged=tuple(map(_text, document["damaged"])),
        ignored=tuple(map(_text, document["ignored"])),
    )


def change_of(document: dict[str, Any]) -> CaseChange:
    """Return one changed case of a report's document. Raises KeyError, TypeError or ValueError for a malformed one."""
    message, was, file = (
        None if document[name] is None else _text(document[name]) for name in ("message", "was", "file")
    )
    return CaseChange(
        kind=ChangeKind(document["kind"]),
        case=_text(document["case"]),
        detail=_text(document["detail"]),
        blocks=document["blocks"] is True,
        baseline=_seen(document["baseline"]),
        run=_seen(document["run"]),
        message=message,
        was=was,
        probability=_number(document["probability"]),
        ratio=_number(document["ratio"]),
        shown=document["shown"] is True,
        file=file,
        line=None if document["line"] is None else int(document["line"]),
    )


def _seen(document: dict[str, Any]) -> Seen:
    return Seen(int(document["runs"]), int(document["failed"]), _number(document["seconds"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
