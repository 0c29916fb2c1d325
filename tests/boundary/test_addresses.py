"""What is shown of an address: no credentials, no value of a query."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.boundary.addresses import has_secrets, redacted, shown
from fi_bump.errors import PackageIndexError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://user:pass@host/simple", "https://host/simple"),
        ("https://user:p@ss@host/simple", "https://host/simple"),
        ("https://token@host/", "https://host/"),
        ("see https://a:b@h/x and http://c:d@i/", "see https://h/x and http://i/"),
        ("git+https://a:b@h/x.git@v1", "git+https://h/x.git@v1"),
        ("https://user:pa/ss@host/simple", "https://host/simple"),
        ("https://user:pa/ss@wo:r@host/simple", "https://host/simple"),
        ("https://user:pa/ss@wo:rd/x@host/simple", "https://host/simple"),
        ("https://user:pa/s:s@w:o/r:d@h/simple", "https://h/simple"),
        ("https://a@b:pa/ss@host/simple", "https://host/simple"),
        ("https://a@b:pa ss@host/simple", "https://host/simple"),
        ("https://a:b@c:pa?s@d:e/f@host/simple", "https://host/simple"),
        ("https://user:pa?ss@host/simple", "https://host/simple"),
        ("https://user:pa#ss@host/simple", "https://host/simple"),
        ("https://user:pa ss@host/simple", "https://host/simple"),
        ("https://user:\"pa'ss@host/simple", "https://host/simple"),
        ("https://h/x?token=abc&a=1", "https://h/x?token=****&a=****"),
        ("https://h/x?auth=abc", "https://h/x?auth=****"),
        ("https://h/x?pass=abc#sha256=00", "https://h/x?pass=****#sha256=00"),
        ("https://h/x?X-Amz-Credential=abc%2Fd", "https://h/x?X-Amz-Credential=****"),
        ("https://h/x?abc", "https://h/x?****"),
        ("https://h/x#access_token=abc", "https://h/x#access_token=****"),
        ("https://h/x@1.0", "https://h/x@1.0"),
        ("https://h:8080/x@1.0 http://[::1]:80/x@1", "https://h:8080/x@1.0 http://[::1]:80/x@1"),
        ("https://h/x.git#egg=kit", "https://h/x.git#egg=kit"),
        ("http://user:s3cr3t", "http://user:****"),
        ("https://user:12s3cr3t/kit/: is not a URL", "https://user:****/kit/: is not a URL"),
        ("HTTPS://user:s3cr3t?x", "HTTPS://user:****?****"),
        (
            "'http://h:80' http://h:80, http://h:$PORT/x http://h:{port}/ https://h:443",
            "'http://h:80' http://h:80, http://h:$PORT/x http://h:{port}/ https://h:443",
        ),
        ("see //TODO: and ssh://git@github.com:org/x", "see //TODO: and ssh://github.com:org/x"),
        ("what? a & b = c", "what? a & b = c"),
        ("nothing", "nothing"),
    ],
)
def test_redacted(text: str, expected: str) -> None:
    assert redacted(text) == expected
    assert redacted(expected) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("user:s3cr3t@host/simple", "host/simple"), ("u:a@b@h", "h"), ("host:80/x@1", "host:80/x@1"), ("/a//b", "/a//b")],
)
def test_an_address_whose_scheme_is_missing(text: str, expected: str) -> None:
    assert shown(text) == expected


SECRET = "s3cr3t"
ODD = st.text(st.characters(exclude_characters="\n@", exclude_categories=["Cs"]), max_size=8)


@given(before=ODD, after=ODD, name=st.from_regex(r"\A[a-zA-Z][\w.-]{0,12}\Z"))
def test_no_secret_is_shown_wherever_it_is(before: str, after: str, name: str) -> None:
    # A password that begins with digits and a slash is a port and a path for every parser, and the host of `u:a@b/c@h`
    # is `b`.
    password = f"x{before}{SECRET}{after}"
    for address in (f"https://user:{password}@host.invalid/simple", f"https://h.invalid/x?{name}={SECRET}&b=1"):
        for text in (redacted(address), shown(address), str(PackageIndexError(f"see {address}", place=address))):
            assert SECRET not in text


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'<a href="kit-1.0.zip#sha256=00" data-requires-python="&gt;=3.9">kit</a>', False),
        (b'{"files": [{"url": "https://h/kit-1.0.zip", "requires-python": ">=3.9"}]}', False),
        (b'<a href="https://u:p@h/kit-1.0.zip">kit</a>', True),
        (b'<a href="https:&#47;&#x2f;u:p&#64;h/kit-1.0.zip">kit</a>', True),
        (b'<a href="kit-1.0.zip?token=x&amp;b=c">kit</a>', True),
        (b'{"files": [{"url": "https://u@h/kit-1.0.zip"}]}', True),
        (rb'{"files": [{"url": "https:\/\/u:p@h\/kit-1.0.zip"}]}', True),
        (rb'{"files": [{"url": "https:\u002f\u002Fu:p\u0040h\/kit-1.0.zip"}]}', True),
        (rb'{"files": [{"url": "kit-1.0.zip\u003fsig\u003dx"}]}', True),
        (b"\xff\xfe", False),
    ],
)
def test_a_page_with_secrets(body: bytes, expected: bool) -> None:
    assert has_secrets(body) is expected


@pytest.mark.parametrize(
    "unit",
    ["//", "//a:x", "//a:x\n", "http://a:x", "https://a:", "?", "?a", "&a", "#a", "//a@", "#a=", "//[", "@", ":"],
)
def test_the_time_grows_with_the_length(unit: str) -> None:
    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        start = time.process_time()
        redacted(text)
        return time.process_time() - start

    assert seconds(200_000) < 3
