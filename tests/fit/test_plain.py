"""A comparison comes back from JSON as it was."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.fit.plain import ENUMS, RECORDS, from_plain, to_plain

TEXTS = st.text(max_size=6)
LEAVES = st.none() | st.booleans() | st.integers() | TEXTS | st.sampled_from([each for kind in ENUMS for each in kind])


def records(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Records of every kind with any parts, and tuples and sets of them."""
    classes: list[Any] = list(RECORDS)
    some = [st.builds(each, *[parts] * len(each._fields)) for each in classes]
    return st.one_of(*some, st.lists(parts, max_size=3).map(tuple), st.frozensets(TEXTS, max_size=3))


@given(st.recursive(LEAVES, records, max_leaves=20))
def test_what_comes_back_is_what_was_kept(value: object) -> None:
    back = from_plain(json.loads(json.dumps(to_plain(value))))
    assert back == value
    assert kinds(back) == kinds(value)


def kinds(value: Any) -> Any:
    """The classes of a value and its parts, which tuples with the same parts do not differ in."""
    parts = [kinds(each) for each in value] if isinstance(value, tuple) and not isinstance(value, Enum) else []
    return type(value), parts


@pytest.mark.parametrize(
    "data", [[], ["Fit"], ["NoSuchClass", 1], ["Rule", "no such rule"], [["tuple"]], {}, ["tuple", []], ["set", {}]]
)
def test_anything_else_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_plain(data)
