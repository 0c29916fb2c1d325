"""`records.NamedTuple` behaves as `typing.NamedTuple`, which the tests compare it with."""

from __future__ import annotations

import collections
import importlib.util
import pickle
import sys
import types
import typing
from typing import Any

import pytest

from fi_bump import records


class Ours(records.NamedTuple):
    """A record."""

    left: int
    right: str = "r"
    last: tuple[int, ...] = ()

    @property
    def both(self) -> str:
        """A method sees the fields."""
        return f"{self.left}{self.right}"


class Theirs(typing.NamedTuple):
    """The same record, made by typing."""

    left: int
    right: str = "r"
    last: tuple[int, ...] = ()

    @property
    def both(self) -> str:
        """A method sees the fields."""
        return f"{self.left}{self.right}"


CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((1,), {}),
    ((1, "x"), {}),
    ((1, "x", (2,)), {}),
    ((), {"left": 1, "last": (3,)}),
    ((1,), {"last": (3,)}),
    ((), {"left": 1, "right": "x", "last": (3,)}),
    ((), {"last": (3,), "right": "x", "left": 1}),
    ((), {"left": 1, "right": "x", "other": (3,)}),
    ((), {}),
    ((1, "x", (), 4), {}),
    ((1,), {"left": 2}),
    ((1, "x", ()), {"left": 2}),
    ((1,), {"other": 2}),
]


@pytest.mark.parametrize(("values", "named"), CALLS)
def test_a_record_is_built_as_typing_builds_it(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    try:
        theirs = Theirs(*values, **named)
    except TypeError:
        with pytest.raises(TypeError, match=r"\AOurs takes the fields left, right, last, each once\Z"):
            Ours(*values, **named)
        return
    ours = Ours(*values, **named)
    assert tuple(ours) == tuple(theirs)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert (ours.left, ours.right, ours.last, ours.both) == (theirs.left, theirs.right, theirs.last, theirs.both)
    assert ours._asdict() == theirs._asdict()
    assert tuple(ours._replace(right="y")) == tuple(theirs._replace(right="y"))
    assert hash(ours) == hash(theirs)


def test_a_record_is_a_tuple_without_room_for_more() -> None:
    record = Ours(1)
    assert Ours._fields == Theirs._fields
    assert Ours.__match_args__ == Theirs.__match_args__
    with pytest.raises(AttributeError):
        record.left = 2  # type: ignore[misc]  # what this test is about
    with pytest.raises(AttributeError):
        record.more = 2  # type: ignore[attr-defined]  # what this test is about
    with pytest.raises(TypeError):
        record._replace(other=1)  # type: ignore[call-arg]  # what this test is about
    assert record == (1, "r", ())


def test_a_record_survives_pickle() -> None:
    assert pickle.loads(pickle.dumps(Ours(1, "x"))) == Ours(1, "x")


def test_without_the_private_part_of_the_standard_library(monkeypatch: pytest.MonkeyPatch) -> None:
    without = types.ModuleType("collections")
    vars(without).update({name: value for name, value in vars(collections).items() if name != "_tuplegetter"})
    monkeypatch.setitem(sys.modules, "collections", without)
    spec = importlib.util.spec_from_file_location("fi_bump_records_without", records.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert isinstance(module._tuplegetter(0, "left"), property)
    made = type(records.NamedTuple)
    assert made is not type(module.NamedTuple)
    namespace = {"__annotations__": {"left": int, "right": str}, "right": "r", "__module__": __name__}
    kind = type(module.NamedTuple)("Slow", (module.NamedTuple,), namespace)
    record = kind(left=1)
    assert (record.left, record.right, record, repr(record)) == (1, "r", (1, "r"), "Slow(left=1, right='r')")
    assert record._replace(right="s") == kind(1, "s")
    with pytest.raises(AttributeError):
        record.left = 2
