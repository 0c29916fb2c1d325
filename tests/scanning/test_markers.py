"""Tests of conflict markers: hunks, sides, and what is no marker."""

from __future__ import annotations

import pytest

from fi_bump.scanning import markers

PLAIN = b"a\n<<<<<<< HEAD\nb\n=======\nc\nd\n>>>>>>> other branch\ne\n"
DIFF3 = b"<<<<<<< HEAD\r\nb\r\n||||||| 123\r\no\r\n=======\r\nc\r\n>>>>>>> x\r\n"
# The ancestor of a criss-cross merge has a conflict of its own, with longer markers.
NESTED = (
    b"<<<<<<< HEAD\nb\n||||||| merged common ancestors\n<<<<<<<<< Temporary 1\no\n=========\np\n>>>>>>>>> Temporary 2\n"
    b"=======\nc\n>>>>>>> x\n"
)


@pytest.mark.parametrize(
    ("data", "ours", "theirs"),
    [
        (PLAIN, b"a\nb\ne\n", b"a\nc\nd\ne\n"),
        (DIFF3, b"b\r\n", b"c\r\n"),
        (NESTED, b"b\n", b"c\n"),
        (PLAIN + b"m\n" + DIFF3, b"a\nb\ne\nm\nb\r\n", b"a\nc\nd\ne\nm\nc\r\n"),
        (b"<<<<<<< a\n=======\n>>>>>>> b", b"", b""),
        # A marker without its partners belongs to no side.
        (b"a\n>>>>>>> b\nc\n", b"a\nc\n", b"a\nc\n"),
    ],
)
def test_sides(data: bytes, ours: bytes, theirs: bytes) -> None:
    assert markers.side(data, ours=True) == ours
    assert markers.side(data, ours=False) == theirs


def test_the_base() -> None:
    (hunk,) = markers.hunks(DIFF3)
    assert hunk.base is not None
    assert DIFF3[hunk.base.start : hunk.base.end] == b"o\r\n"
    assert markers.hunks(PLAIN)[0].base is None


@pytest.mark.parametrize(
    ("data", "marked"),
    [
        (PLAIN, [b"<<<<<<< HEAD"]),
        (PLAIN + DIFF3, [b"<<<<<<< HEAD", b"<<<<<<< HEAD"]),
        (b"a\n>>>>>>> left over\n", [b">>>>>>> left over"]),
        (b"<<<<<<< HEAD\na\n", [b"<<<<<<< HEAD"]),
        # A heading, a here-document, an arrow, a quotation in a mail: none is a marker.
        (b"Title\n=======\n", []),
        (b"cat <<<<<<< x\n", []),
        (b"<<<<<< HEAD\n>>>>>> b\n", []),
        (b"<<<<<<<HEAD\n", []),
        (b" <<<<<<< HEAD\n", []),
    ],
)
def test_what_is_marked(data: bytes, marked: list[bytes]) -> None:
    assert [data[span.start : span.end] for span in markers.marked(data)] == marked
