"""A JSON report read back is the comparison it was written from."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from fi_bump.compare.comparison import compare
from fi_bump.compare.infrastructure import known
from fi_bump.compare.model import CaseChange, ChangeKind, RunComparison, Seen, Side, Whole
from fi_bump.compare.report_file import load
from fi_bump.compare.times import Limits
from fi_bump.errors import FiBumpError
from fi_bump.report.json.compare import compare_json
from tests.compare.simulated import planted

SCHEMA = json.loads(files("fi_bump").joinpath("schemas", "compare.schema.json").read_bytes())
Draft202012Validator.check_schema(SCHEMA)
VALIDATOR = Draft202012Validator(SCHEMA)
HINT = "--compare takes a report of fi-bump compare --format json"

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
NUMBER = st.floats(0, 1, allow_nan=False)
SEEN = st.builds(Seen, st.integers(0, 9), st.integers(0, 9), st.none() | NUMBER)
NAMES = st.lists(TEXT, min_size=1, max_size=3).map(tuple)
SIDE = NAMES.flatmap(
    lambda names: st.builds(
        Side,
        st.just(names),
        st.integers(1, 9),
        st.integers(0, 9),
        st.tuples(*[NUMBER for _ in names]),
        NAMES,
        NAMES,
    )
)
CHANGE = st.builds(
    CaseChange,
    st.sampled_from(list(ChangeKind)),
    TEXT,
    TEXT,
    st.booleans(),
    SEEN,
    SEEN,
    st.none() | TEXT,
    st.none() | TEXT,
    st.none() | NUMBER,
    st.none() | NUMBER,
    st.booleans(),
    st.none() | TEXT,
    st.none() | st.integers(1, 9),
)
COMPARISON = st.builds(
    RunComparison,
    st.booleans(),
    SIDE,
    SIDE,
    st.integers(0, 9),
    st.lists(CHANGE, max_size=3).map(tuple),
    st.builds(Whole, st.none() | NUMBER, st.none() | NUMBER, st.booleans(), st.booleans()),
    NAMES,
    NAMES,
    st.floats(1, 9),
    NUMBER,
)


@pytest.mark.slow
@given(COMPARISON)
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, comparison: RunComparison) -> None:
    path = tmp_path_factory.mktemp("report") / "compare.json"
    text = compare_json(comparison)
    VALIDATOR.validate(json.loads(text))
    path.write_text(text, encoding="utf-8")
    assert load(str(path)) == comparison


def test_a_real_one(tmp_path: Path) -> None:
    given_ = planted(0)
    comparison = compare(given_.baseline, given_.runs, Limits(), known().meaning)
    (tmp_path / "a.json").write_text(compare_json(comparison))
    assert load(str(tmp_path / "a.json")) == comparison


def document() -> Any:
    given_ = planted(0, before=2, after=1)
    return json.loads(compare_json(compare(given_.baseline, given_.runs, Limits(), known().meaning)))


def damaged(**fields: Any) -> str:
    whole = document()
    return json.dumps({**whole, "schema": fields.pop("schema", 2), "result": {**whole["result"], **fields}})


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "is not JSON", HINT),
        ("[]", "is not a report of fi-bump compare", HINT),
        ('{"schema": 1, "probes": []}', "is not a report of fi-bump compare", HINT),
        (damaged(schema=3), "is a report of schema 3, not 2", "make the report again with this version of fi-bump"),
        (
            damaged(schema=True),
            "is a report of schema true, not 2",
            "make the report again with this version of fi-bump",
        ),
        (damaged(entries=[1]), "is not a report of fi-bump compare", HINT),
        (damaged(entries=[{}]), "is not a report of fi-bump compare", HINT),
        (damaged(claims=[None]), "is not a report of fi-bump compare", HINT),
        (damaged(whole=None), "is not a report of fi-bump compare", HINT),
        (damaged(limits={"slower": "much", "seconds": 1}), "is not a report of fi-bump compare", HINT),
    ],
)
def test_what_is_no_report(tmp_path: Path, text: str, message: str, hint: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(FiBumpError) as caught:
        load(str(path))
    assert (caught.value.place, caught.value.message, caught.value.hint) == (str(path), message, hint)
