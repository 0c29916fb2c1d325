"""Keep a bisection in a file after each release, so that it can go on after an interrupt (`--continue`)."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any, get_args

from fi_bump import user_files
from fi_bump.bisection.model import Bisection, Candidate, Expected, Judgement, Question, Tried
from fi_bump.boundary.documents import readable, result_of
from fi_bump.errors import FiBumpError, FileError
from fi_bump.smoke import storage
from fi_bump.smoke.shard import Shard

SCHEMA = 1
_HINT = "start the bisection again: fi-bump bisect --good VERSION --bad VERSION"


def state_path(cache: str, root: str, shard: Shard | None = None) -> str:
    """Return the file for the bisection of the repository at `root`; each repository, and each shard, has one."""
    key = hashlib.sha256(os.path.realpath(root).encode("utf-8", "surrogateescape")).hexdigest()[:20]
    part = "" if shard is None else f"-{shard.number}-of-{shard.of}"
    return os.path.join(storage.folder(cache, "bisect"), f"{key}{part}.json")


def keep(path: str, state: Bisection) -> None:
    """Write the state. Raises FileError."""
    user_files.put(path, json.dumps({"schema": SCHEMA, **state_document(state)}, indent=2).encode())


def state_document(state: Bisection) -> dict[str, Any]:
    """Return the state as a document of JSON."""
    question = state.question
    return {
        "question": {
            **question._asdict(),
            "expected": None if question.expected is None else question.expected._asdict(),
        },
        "releases": [each._asdict() for each in state.candidates],
        "held": None if state.held is None else list(state.held),
        "tried": [{**each._asdict(), "packages": dict(each.packages)} for each in state.tried],
        "skipped": list(state.skipped),
    }


def recall(path: str) -> Bisection:
    """Read the state. Raises FiBumpError if there is none, or if another version of fi-bump wrote it."""
    if not os.path.exists(path):
        raise FiBumpError("there is no bisection to continue in this repository", hint=_HINT)
    return read_state(path, _HINT)


def read_state(path: str, hint: str) -> Bisection:
    """Read a state, or the JSON report of a bisection, from a file. Raises FileError for any other file."""
    try:
        document = result_of(json.loads(user_files.read(path)))
        if not readable(document["schema"]):
            raise FileError(f"this bisection has schema {document['schema']!r}, not {SCHEMA}", place=path, hint=hint)
        return state_of(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise FileError("this file is not a bisection", place=path, hint=hint) from None


def state_of(document: dict[str, Any]) -> Bisection:
    """Return the state in a document. Raises KeyError, TypeError, AttributeError or ValueError for another one."""
    asked = dict(document["question"])
    asked |= {name: tuple(map(str, asked[name])) for name in ("tests", "extra")}
    expected = asked.pop("expected")
    question = Question(**asked, expected=None if expected is None else Expected(**expected))
    held = document["held"]
    return Bisection(
        question=question,
        candidates=tuple(Candidate(**each) for each in document["releases"]),
        held=None if held is None else tuple(map(str, held)),
        tried=tuple(_tried(each) for each in document["tried"]),
        skipped=tuple(map(str, document["skipped"])),
    )


def _tried(document: dict[str, Any]) -> Tried:
    judgement: Judgement = next(each for each in get_args(Judgement) if each == document["judgement"])
    reason = document["reason"]
    return Tried(
        version=str(document["version"]),
        judgement=judgement,
        reason=None if reason is None else str(reason),
        seconds=float(document["seconds"]),
        packages={str(name): str(version) for name, version in document["packages"].items()},
    )
