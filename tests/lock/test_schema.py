"""The lock's JSON Schema compared with its loader.

The schema accepts whatever the loader accepts. The loader accepts whatever the schema accepts, except for errors that
no schema can express: a key twice in one object, a site in two groups, a site where fi-bump reads no file, a name in
two groups without sites, a repository that is not canonical.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from fi_bump.errors import LockError
from fi_bump.lock.reading import load
from fi_bump.lock.writing import dump
from tests.lock.test_reading import LOADER_ONLY, WRONG, encoded


def ecma(schema: Any) -> Any:
    r"""Return the schema with a final `$` of patterns as `\Z`: in Python, `$` also matches before a newline."""
    if isinstance(schema, list):
        return [ecma(item) for item in schema]
    if isinstance(schema, dict):
        return {
            key: value[:-1] + r"\Z" if key == "pattern" and isinstance(value, str) else ecma(value)
            for key, value in schema.items()
        }
    return schema


SCHEMA = json.loads(files("fi_bump").joinpath("schemas", "versions.lock.schema.json").read_bytes())
VALIDATOR = Draft202012Validator(ecma(SCHEMA))


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("value", [value for value, _, _ in WRONG])
def test_the_schema_refuses_too(value: Any) -> None:
    assert not VALIDATOR.is_valid(value)


@pytest.mark.parametrize("value", [value for value, _, _ in LOADER_ONLY])
def test_what_only_the_loader_checks(value: Any) -> None:
    assert VALIDATOR.is_valid(value)


def some(*values: Any) -> st.SearchStrategy[Any]:
    """Draw one of a few values, and sometimes a value that is wrong anywhere."""
    return st.one_of(st.sampled_from(values), st.sampled_from(values), st.sampled_from([None, 1, "", "x\n", [], {}]))


def members() -> st.SearchStrategy[Any]:
    """Draw packages with options, right and wrong."""
    option = {"index": some("https://a.b/c", "file:///x", "a"), "label": some("cu130", "cu130.x", "A")}
    keys = st.sampled_from(["a", "b-c", "B", "d\n"])
    return st.dictionaries(keys, some({}, {"z": 1}) | st.fixed_dictionaries({}, optional=option), max_size=2)


def names(*values: str) -> st.SearchStrategy[Any]:
    """Draw a list of names, right and wrong."""
    return st.lists(some(*values), max_size=2)


GROUPS = st.fixed_dictionaries(
    {"version": some("1", "0.6.11.post2", "1!2rc1", "01", "v1"), "packages": members()},
    optional={
        "minimum-age": some("10 days", "1 day", "0 days", "9 weeks"),
        "variables": names("A", "B_1", "a"),
        "repositories": names("h.com/o/n", "h:80/n", "h", "h/n.git"),
        "sites": names("p#a", "q#a", "p", "é/ü#x y", ".git/x#y", "a/b#c", "./b#c"),
    },
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "lock-version": some(1, 1, 1.0),
        "groups": st.dictionaries(st.sampled_from(["g", "h-2", "G"]), GROUPS, max_size=2),
    },
    optional={"$schema": some("s"), "exclude": names("a/**", "b")},
)
ONLY_LOADER = (
    "is already a site of",
    "where fi-bump reads and changes no file",
    "is in an excluded path",
    "but not both groups list their sites",
    '.git" is not a repository',
)


@given(DOCUMENTS)
def test_the_schema_and_the_loader_agree(value: Any) -> None:
    try:
        lock = load(encoded(value))
    except LockError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert VALIDATOR.is_valid(json.loads(dump(lock)))
        assert dump(load(dump(lock))) == dump(lock)
    # The loader stops at its first error; after one that only the loader finds, the schema may have found another.
    if not any(part in refusal for part in ONLY_LOADER):
        assert VALIDATOR.is_valid(value) is (refusal == "")
