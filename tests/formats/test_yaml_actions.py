"""The actions of a template: replaced one for one, in a time that grows with the text's length."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fi_bump.formats.yaml_actions import filled

# What filled() does, as patterns whose time grows with the square of the length.
_LINES = re.compile(
    rb"^[ \t]*(?:\{\{(?:(?!\}\})[\s\S])*\}\}|\{[%#](?:(?![%#]\})[\s\S])*[%#]\})[ \t]*\r?$", re.MULTILINE
)
_REST = re.compile(rb"\{\{(?:(?!\}\})[^\n])*\}\}|\{[%#](?:(?![%#]\})[^\n])*[%#]\}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"a: {{ x }}-{% y %}\n", b"a: $xxxxxx-$xxxxxx\n"),
        (b"  {{- if x }}\r\na: b\n{# y\nz #}  \n", b" " * 14 + b"\na: b\n" + b" " * 11 + b"\n"),
        (b"a: {{ x\nb: {{ y }}\n", b"a: {{ x\nb: $xxxxxx\n"),
        (b"{{ x }} y: z\n", b"$xxxxxx y: z\n"),
        (b"a: {b: c}\n", b"a: {b: c}\n"),
        (b"", b""),
    ],
)
def test_examples(text: bytes, expected: bytes) -> None:
    assert filled(text) == expected


@settings(deadline=None)
@given(st.lists(st.sampled_from([*b"{}%# \na", b"{{", b"}}", b"{%", b"%}", b"#}", b"\r\n"])))
def test_the_patterns_give_the_same(pieces: list[int | bytes]) -> None:
    text = b"".join(bytes([each]) if isinstance(each, int) else each for each in pieces)
    lines = _LINES.sub(lambda match: b" " * len(match[0]), text)
    assert filled(text) == _REST.sub(lambda match: b"$".ljust(len(match[0]), b"x"), lines)


@pytest.mark.slow
@pytest.mark.parametrize("piece", [b"{{", b"{{ x\n", b"{%", b"{# \n", b"{##}{"])
def test_unfinished_actions(piece: bytes) -> None:
    # With the patterns above, this would take minutes.
    text = piece * 100_000
    assert len(filled(text)) == len(text)
