"""The address of an index: what is shown of it, and its credentials apart."""

from __future__ import annotations

import pytest

from fi_bump.index.address import Credentials, redacted, split


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:pass@host/simple", "https://host/simple"),
        ("https://user:p@ss@host/simple", "https://host/simple"),
        ("https://token@host/", "https://host/"),
        ("see https://a:b@h/x and http://c:d@i/", "see https://h/x and http://i/"),
        ("https://h/x?token=abc&a=1", "https://h/x?token=****&a=1"),
        ("https://h/x@1.0", "https://h/x@1.0"),
        ("https://user:pa/ss@host/simple", "https://host/simple"),
        ("https://h:8080/x@1.0 http://[::1]:80/x@1", "https://h:8080/x@1.0 http://[::1]:80/x@1"),
        ("nothing", "nothing"),
    ],
)
def test_redacted(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_split() -> None:
    assert split("https://u:p%40@h:80/x") == ("https://h:80/x", Credentials("u", "p@"))
    assert split("https://h/x") == ("https://h/x", None)
