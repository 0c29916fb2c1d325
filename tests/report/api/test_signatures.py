"""Signatures that are shortened to what differs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.report.api.signatures import paired, parameters, single

MANY = [f"parameter_{number}" for number in range(20)]


def signature(*names: str) -> str:
    """`work(a, b)`."""
    return f"work({', '.join(names)})"


def test_short_ones_are_shown_whole() -> None:
    assert paired("work(a, b=1)", "work(a)") == ("work(a, b=1)", "work(a)")


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (
            MANY,
            [*MANY[:9], *MANY[10:]],
            (
                "work(…, parameter_8, parameter_9, parameter_10, …)",
                "work(…, parameter_8, parameter_10, …)",
            ),
        ),
        (MANY, [*MANY, "last=None"], ("work(…, parameter_19)", "work(…, parameter_19, last=None)")),
        (
            MANY,
            ["first", *MANY[1:]],
            ("work(parameter_0, parameter_1, …)", "work(first, parameter_1, …)"),
        ),
        (MANY, MANY, (single(signature(*MANY)), single(signature(*MANY)))),
    ],
)
def test_long_ones_are_shown_around_what_differs(old: list[str], new: list[str], shown: tuple[str, str]) -> None:
    assert paired(signature(*old), signature(*new)) == shown


def test_one_by_itself_is_shown_from_its_front() -> None:
    assert single(signature(*MANY)) == f"work({', '.join(MANY[:7])}, …)"
    assert single("work(a)") == "work(a)"
    assert single("VALUE") == "VALUE"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("f()", []),
        ("f(a, /, b=(1, 2), *, c=[x, y], **kwargs)", ["a", "/", "b=(1, 2)", "*", "c=[x, y]", "**kwargs"]),
        ("f(a=',', b=\"it's, (\", c={'x': 1, 'y': '\\'},'})", ["a=','", 'b="it\'s, ("', "c={'x': 1, 'y': '\\'},'}"]),
        ("f(a=g(x, h(y)), b)", ["a=g(x, h(y))", "b"]),
    ],
)
def test_parameters(text: str, found: list[str]) -> None:
    assert parameters(text) == found


@pytest.mark.slow
@given(st.lists(st.sampled_from(MANY), unique=True), st.lists(st.sampled_from(MANY), unique=True))
def test_what_one_side_alone_has_is_always_shown(old: list[str], new: list[str]) -> None:
    before, after = (set(re.findall(r"\w+", text)) for text in paired(signature(*old), signature(*new)))
    assert {*old} - {*new} <= before
    assert {*new} - {*old} <= after
