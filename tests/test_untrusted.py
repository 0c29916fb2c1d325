"""Texts of others, on their way to a stream or into a document."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.untrusted import encodable, shapes, visible

# What a program that reads a log may take for a command, what a terminal obeys, and what breaks a line.
HOSTILE = st.text(
    st.one_of(
        st.sampled_from(":#[]vsoteamcity= \t\r\n\v\f\x1b\x7f\x85\x9b\u2028\u202e\ufeff\udcff\ud800\\ü日😀"),
        st.characters(),
    )
)


def is_command(line: str) -> bool:
    """Whether GitHub's runner takes a line for a command: TryParseV2 and TryParse of actions/runner, and Azure's."""
    begins = line.lstrip().startswith("::") and "::" in line.lstrip()[2:]
    return begins or re.search(r"##[A-Za-z]*\[", line) is not None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a plain text\twith ü, 日本, 😀 and a\u00a0blank", None),
        ("Dockerfile.\n::error::x", "Dockerfile.\\n::error::x"),
        ("a\r\nb\x1b[31m\x9b2J\x7f\x00", "a\\r\\nb\\x1b[31m\\x9b2J\\x7f\\x00"),
        ("\u2028\u202e\ufeff\U000e0001", "\\u2028\\u202e\\ufeff\\U000e0001"),
        ("Dockerfile.\udcff\udcfe \ud800", "Dockerfile.\\xff\\xfe \\ud800"),
        ("::error::x", "\\::error::x"),
        ("  ::error::x", "  \\::error::x"),
        ("\u3000::error::x", "\u3000\\::error::x"),
        ("a ::error::x", None),
        ("a ##[error]x, ###[group]", "a #\\#[error]x, ##\\#[group]"),
        ("##vso[task.setvariable]x ##teamcity[a]", "#\\#vso[task.setvariable]x #\\#teamcity[a]"),
        ("## a heading [1]", None),
    ],
)
def test_a_text_is_one_harmless_line(text: str, line: str | None) -> None:
    assert visible(text) == (text if line is None else line)


@given(HOSTILE)
def test_any_text_is_one_harmless_line(text: str) -> None:
    line = visible(text)
    assert len(line.splitlines()) <= 1
    assert all(each == "\t" or unicodedata.category(each) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for each in line)
    assert not is_command(line)
    assert visible(line) == line
    line.encode("utf-8")


@given(HOSTILE)
def test_text_in_a_document_can_be_encoded_and_keeps_its_length(text: str) -> None:
    for made in (encodable(text), shapes(text)):
        made.encode("utf-8")
        assert len(made) == len(text)
        assert all(mine in (other, "\ufffd") for mine, other in zip(made, text, strict=True))
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", shapes(text))


def test_surrogates_become_one_mark_each() -> None:
    assert encodable("a\udcffb\ud800") == "a\ufffdb\ufffd"
    assert shapes("a\udcff\x1b\tb\n") == "a\ufffd\ufffd\tb\n"
