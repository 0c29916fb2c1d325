"""The address of an index: its credentials apart, its origin, and what is no address."""

from __future__ import annotations

import pytest

from fi_bump.errors import PackageIndexError
from fi_bump.index.address import Credentials, is_downgrade, origin, split


def test_split() -> None:
    assert split("https://u:p%40@h:80/x") == ("https://h:80/x", Credentials("u", "p@"))
    assert split("https://h/x") == ("https://h/x", None)
    assert split("https://u:%e2%82%ac@h/x") == ("https://h/x", Credentials("u", "€"))
    assert split("https://u:%ff@h/x") == ("https://h/x", Credentials("u", "\udcff"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/x", "https://h:443"),
        ("HTTPS://H/y?z", "https://h:443"),
        ("https://h:443/", "https://h:443"),
        ("http://h/x", "http://h:80"),
        ("https://h:8443/x", "https://h:8443"),
        ("http://[::1]:80/x", "http://::1:80"),
    ],
)
def test_an_origin_is_a_scheme_a_host_and_a_port(url: str, expected: str) -> None:
    assert origin(url) == expected


def test_a_downgrade() -> None:
    assert is_downgrade("https://h/", "http://h/")
    assert is_downgrade("HTTPS://h/", "HTTP://h/")
    assert not is_downgrade("http://h/", "http://h/")
    assert not is_downgrade("http://h/", "https://h/")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:s3cr3t@host:port/simple", "https://host:****/simple"),
        ("https://user:s3cr3t@[::1/simple", "https://[::1/simple"),
        ("git+https://user:s3cr3t@host/simple", "git+https://host/simple"),
        ("user:s3cr3t@host/simple", "host/simple"),
        ("https://host:99999/simple", "https://host:99999/simple"),
        ("https://user:s3cr3t@host:0/simple", "https://host:0/simple"),
    ],
)
def test_no_address(text: str, shown: str) -> None:
    with pytest.raises(PackageIndexError) as caught:
        split(text)
    assert str(caught.value) == f"{shown}: is not a URL"
    assert caught.value.hint == "write https://HOST/simple or file:///FOLDER"
