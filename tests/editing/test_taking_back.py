"""What a change replaced, and taking it back: exactly, after edits elsewhere, and never after edits in its lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fi_bump.editing import taking_back
from fi_bump.editing.contents import split_lines
from fi_bump.editing.taking_back import Replaced, ReplacedLines, Touched, replaced, taken_back

LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\r\n", b"\n", b"x==1\n"]), max_size=8)
TEXT = st.builds(lambda lines, end: b"".join(lines) + end, LINES, st.sampled_from([b"", b"end", b"x==1"]))


@pytest.mark.slow
@given(TEXT, TEXT)
@settings(deadline=None)
def test_every_change_is_taken_back_exactly(old: bytes, new: bytes) -> None:
    assert taken_back(replaced("f", old, new), new) == old


@pytest.mark.slow
@given(TEXT, TEXT)
@settings(deadline=None)
def test_what_is_taken_back_already_stays(old: bytes, new: bytes) -> None:
    assert taken_back(replaced("f", old, new), old) == old


@pytest.mark.slow
@given(TEXT, TEXT, st.data())
@settings(deadline=None)
def test_a_foreign_line_between_others_stays_or_refuses(old: bytes, new: bytes, data: st.DataObject) -> None:
    lines = split_lines(new)
    spot = data.draw(st.integers(0, len(lines)))
    if spot and not lines[spot - 1].endswith(b"\n"):
        return
    now = b"".join([*lines[:spot], b"foreign\n", *lines[spot:]])
    try:
        back = taken_back(replaced("f", old, new), now)
    except Touched as error:
        assert 1 <= error.line <= len(lines) + 1
        return
    assert back is not None
    assert back.replace(b"foreign\n", b"", 1) == old


def test_only_the_old_lines_are_kept() -> None:
    change = replaced("f", b"secret\nx==1\nend\n", b"secret\nx==2\nend\n")
    assert change.hunks == (ReplacedLines(1, 1, b"x==1\n"),)
    assert [len(each) for each in change.lines or ()] == [6, 6, 6]
    assert b"secret" not in repr(change).encode()


def test_a_file_that_the_change_made() -> None:
    change = replaced("f", None, b"new\n")
    assert (taken_back(change, b"new\n"), taken_back(change, None)) == (None, None)
    with pytest.raises(Touched) as caught:
        taken_back(change, b"new\nmine\n")
    assert caught.value.line == 2


def test_a_file_that_is_gone() -> None:
    with pytest.raises(Touched):
        taken_back(replaced("f", b"a\n", b"b\n"), None)


def test_removed_lines_come_back_between_their_neighbours() -> None:
    change = replaced("f", b"a\ngone\nb\nc\n", b"a\nb\nc\n")
    assert taken_back(change, b"top\na\nb\nc\n") == b"top\na\ngone\nb\nc\n"
    with pytest.raises(Touched) as caught:
        taken_back(change, b"a\nmine\nb\nc\n")
    assert caught.value.line == 2


def test_a_last_line_without_an_end_is_not_joined_with_what_was_added() -> None:
    change = replaced("f", b"a\nx==1", b"a\nx==2\n")
    with pytest.raises(Touched) as caught:
        taken_back(change, b"a\nx==2\nmine\n")
    assert caught.value.line == 3


def test_large_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking_back, "_MOST_LINES", 3)
    monkeypatch.setattr(taking_back, "_MOST_COMPARED", 4)
    old, new = b"1\n2\n3\n4\n5\n", b"1\nx\ny\n5\n"
    change = replaced("f", old, new)
    assert (change.lines, change.hunks) == (None, (ReplacedLines(1, 2, b"2\n3\n4\n"),))
    assert taken_back(change, new) == old
    with pytest.raises(Touched):
        taken_back(change, new + b"mine\n")
    monkeypatch.setattr(taking_back, "_MOST_LINES", 9)
    with pytest.raises(Touched):
        taken_back(replaced("f", old, new), b"m\nm\nm\n" + new.replace(b"1\n", b"").replace(b"5\n", b"k\nk\n"))


def test_a_record_that_does_not_fit_together() -> None:
    change = replaced("f", b"x==1\n", b"x==2\n")
    for hunks in (
        (ReplacedLines(5, 1, b"x==1\n"),),
        (ReplacedLines(0, 1, b"other\n"),),
        (ReplacedLines(0, 1, b"x==1\n"), ReplacedLines(0, 1, b"x==1\n")),
    ):
        with pytest.raises(ValueError, match=r"the file|be made"):
            taken_back(Replaced("f", change.old, change.new, change.lines, hunks), b"x==2\n")
