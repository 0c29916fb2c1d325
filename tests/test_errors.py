"""The system's errors as messages."""

from __future__ import annotations

import errno
import os
import shlex
from collections.abc import Callable

import pytest

from fi_bump.errors import FileError, explained, quoted, reason_of


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(OSError(errno.EACCES, "Permission denied"), "permission denied", id="with a number"),
        pytest.param(OSError("Odd Thing"), "odd thing", id="only a message"),
        pytest.param(OSError(), "", id="nothing"),
    ],
)
def test_the_reason_of_an_error(error: OSError, expected: str) -> None:
    assert reason_of(error) == expected


def test_a_system_error_becomes_a_file_error_at_its_place() -> None:
    with pytest.raises(FileError) as caught, explained("a.txt", "cannot be read", "look there"):
        os.stat("/nonexistent/a.txt")
    error = caught.value
    assert (str(error), error.hint) == ("a.txt: cannot be read: no such file or directory", "look there")
    assert error.__suppress_context__


def test_other_errors_pass() -> None:
    with pytest.raises(KeyError), explained("a.txt"):
        raise KeyError("a")
    with explained("a.txt"):
        pass


# Python 3.13 has another text for most calls of os; no version has a class of its own for it.
@pytest.mark.parametrize(
    "text", ["embedded null byte", "embedded null character", "open: embedded null character in path"]
)
def test_a_nul_in_a_name_in_the_words_of_each_python(text: str) -> None:
    with pytest.raises(FileError) as caught, explained("a.txt", "cannot be read"):
        raise ValueError(text)
    assert str(caught.value) == "a.txt: cannot be read: no file has a NUL in its name"
    with pytest.raises(ValueError, match="negative"), explained("a.txt"):
        raise ValueError("negative count")


@pytest.mark.parametrize("call", [os.stat, os.listdir, os.readlink, os.mkdir, open], ids=lambda call: call.__name__)
def test_a_nul_in_a_name_for_each_call(call: Callable[[str], object]) -> None:
    with pytest.raises(FileError) as caught, explained("a", "cannot be read"):
        call("a\0b")
    assert str(caught.value) == "a: cannot be read: no file has a NUL in its name"


@pytest.mark.parametrize("text", ["a b", "it's", '$(rm) `x` "y" \\', ""])
def test_a_quoted_word_is_one_word_for_a_shell(text: str) -> None:
    assert shlex.split(f"echo {quoted(text)}") == ["echo", text]
