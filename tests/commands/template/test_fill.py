"""Tests of filling in a template: whole texts."""

from __future__ import annotations

import pytest

from fi_bump.errors import InternalError
from fi_bump.template.fill import fill


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("a <<x>> b <<x>><<y>>\n", "a 1 b 12\n"),
        ("${{ x }} {{x}} $x ${x} << x >> <<X>> <x> <<< x\n", "${{ x }} {{x}} $x ${x} << x >> <<X>> <x> <<< x\n"),
        ("  <<lines>>\n", "  a\n\n    b\n"),
        ("- <<lines>>\n", "- a\n\n  b\n"),
        ("top\n<<each row>>\n- <<n>> of <<x>>\n<<end>>\nend <<x>>\n", "top\n- one of 1\n- two of 1\nend 1\n"),
        ("<<each row>>\n<<y>>\n<<end>>\n", "2\nshadowed\n"),
        ("a\n<<each none>>\n<<unknown>>\n<<end>>\nb\n", "a\nb\n"),
        ("<<each none>>\n1\n<<end>>\n<<each row>>\n<<n>>\n<<end>>\n", "one\ntwo\n"),
        # A placeholder inside a value is not replaced.
        ("<<mark>>\n  <<mark>>\n", "<<x>>\n  <<x>>\n"),
    ],
)
def test_forms(text: str, filled: str) -> None:
    values = {"x": "1", "y": "2", "lines": "a\n\n  b", "mark": "<<x>>"}
    rows = {"row": [{"n": "one"}, {"n": "two", "y": "shadowed"}], "none": []}
    assert fill(text, values, rows) == filled


@pytest.mark.parametrize("text", ["<<z>>", "  <<z>>\n", "<<each z>>\n<<end>>\n", "<<each row>>\n", "<<end>>\n"])
def test_what_nothing_says_is_an_error(text: str) -> None:
    with pytest.raises(InternalError, match=r"^a template has the placeholder '(z|end|each row)', which has no value$"):
        fill(text, {"x": "1"}, {"row": [{}]})
