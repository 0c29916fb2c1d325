"""The shared grammars, compared with packaging where packaging has a rule."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from fi_bump.formats.shared import gathered
from fi_bump.formats.shared.gathered import release_span
from fi_bump.grammar import (
    _EXACT,
    LOCAL,
    canonical_name,
    canonical_repository,
    exact_span,
    is_version,
    name_pattern,
    one_of,
    variable_of,
)

PIECES = [
    "0",
    "1",
    "11",
    ".",
    "!",
    "-",
    "_",
    "a",
    "b",
    "c",
    "rc",
    "alpha",
    "beta",
    "pre",
    "preview",
    "post",
    "rev",
    "r",
]
VERSIONS = st.lists(st.sampled_from([*PIECES, "dev", "+", "v", "RC", "\n", "²"]), max_size=7).map("".join)


def packaging_reads(text: str) -> bool:
    """Whether packaging reads a text as a public version without changing it (no `v`, no blanks around it)."""
    if text != text.strip() or text[:1] in ("v", "V"):
        return False
    try:
        return Version(text).local is None
    except InvalidVersion:
        return False


@given(VERSIONS)
def test_is_version_is_packaging_s(text: str) -> None:
    assert is_version(text) is packaging_reads(text)


@given(
    st.sampled_from(["", "v", "V", "==", "=== ", "tags/", "Refs/Tags/v", "x"]), VERSIONS, st.sampled_from(["", "+cu1"])
)
def test_spans_are_those_of_the_patterns(before: str, version: str, after: str) -> None:
    data = f"{before}{version}{after}".encode("latin-1")
    exact, release = _EXACT.match(data), gathered._RELEASE.match(data)
    assert exact_span(data) == (exact.span(1) if exact else None)
    assert release_span(data) == (release.span("version") if release else None)


@pytest.mark.parametrize(
    ("data", "exact", "release"),
    [
        (b"0.6.1", (0, 5), (0, 5)),
        (b"v0.6.1.post2", (1, 12), (1, 12)),
        (b"0.6.1+cu${CUDA}", (0, 5), (0, 5)),
        (b"== 0.6.1", None, (3, 8)),
        (b"refs/tags/v0.6.1", None, (11, 16)),
        (b"vv1", None, None),
        (b"$V", None, None),
        (b"", None, None),
        (b"\xff1", None, None),
    ],
)
def test_spans(data: bytes, exact: tuple[int, int] | None, release: tuple[int, int] | None) -> None:
    assert (exact_span(data), release_span(data)) == (exact, release)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        *((text, True) for text in ("0", "0.6.11.post2", "1!2.0rc1", "1.0-1", "1.0.DEV20260101", "2026.1", "1.0a")),
        *((text, False) for text in ("", "v1", "1.", "1..2", "1.0+cu130", "1.*", "1.0\n", " 1", "x", "1.0-", "१")),
    ],
)
def test_is_version(text: str, is_one: bool) -> None:
    assert is_version(text) is is_one


@pytest.mark.parametrize("text", ["+cu130", "+cu130.torch2-9_x", "+1"])
def test_local(text: str) -> None:
    assert re.fullmatch(LOCAL, text.encode())


@pytest.mark.parametrize("text", ["+", "+a.", "+.a", "cu130", "+a+b"])
def test_not_local(text: str) -> None:
    assert not re.fullmatch(LOCAL, text.encode())


NAMES = st.text("aAbZ0-_.", min_size=1)


@given(NAMES)
def test_canonical_name_is_packaging_s(name: str) -> None:
    assert canonical_name(name) == canonicalize_name(name)


@given(st.from_regex(r"[A-Za-z0-9]+([-_.]{1,2}[A-Za-z0-9]+){0,3}", fullmatch=True).filter(str.isascii))
def test_name_pattern_matches_every_spelling(name: str) -> None:
    assert re.fullmatch(name_pattern(canonicalize_name(name)), name.encode(), re.IGNORECASE)


@pytest.mark.parametrize("name", ["ab", "a-bc", "xa-b", "a b", "a-b-"])
def test_name_pattern_matches_no_other_name(name: str) -> None:
    assert not re.fullmatch(name_pattern("a-b"), name.encode(), re.IGNORECASE)


@pytest.mark.parametrize(
    ("name", "wanted", "expected"),
    [
        ("KIT_VERSION", ["KIT_VERSION"], "KIT_VERSION"),
        ("kit_version", ["KIT_VERSION"], "KIT_VERSION"),
        ("VLLM_KIT_VERSION", ["KIT_VERSION"], "KIT_VERSION"),
        ("TOOLKIT_VERSION", ["KIT_VERSION"], None),
        ("KIT_VERSION_2", ["KIT_VERSION"], None),
        ("BIG_KIT_VERSION", ["KIT_VERSION", "BIG_KIT_VERSION"], "BIG_KIT_VERSION"),
        ("A_BIG_KIT_VERSION", ["KIT_VERSION", "BIG_KIT_VERSION"], "BIG_KIT_VERSION"),
        ("_KIT_VERSION", ["KIT_VERSION"], "KIT_VERSION"),
        ("", ["KIT_VERSION"], None),
        ("KIT_VERSION", [], None),
    ],
)
def test_variable_of(name: str, wanted: list[str], expected: str | None) -> None:
    assert variable_of(name, frozenset(wanted)) == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/Owner/Name",
        "https://github.com/owner/name.git",
        "https://github.com/owner/name/",
        "https://github.com/owner/name.git/",
        "https://user:token@github.com/owner/name",
        "git+https://github.com/owner/name.git",
        "ssh://git@github.com/owner/name.git",
        "git+ssh://git@github.com/owner/name",
        "git@github.com:owner/name.git",
        " git://github.com/owner/name ",
        "github.com/owner/name",
    ],
)
def test_canonical_repository(url: str) -> None:
    assert canonical_repository(url) == "github.com/owner/name"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://host:8443/o/n", "host:8443/o/n"),
        ("https://host/o/n@v1.0", "host/o/n@v1.0"),
        ("ssh://git@host:22/o/n", "host:22/o/n"),
        ("", ""),
    ],
)
def test_canonical_repository_keeps(url: str, expected: str) -> None:
    assert canonical_repository(url) == expected


@given(st.text("ab:/@.git+", max_size=20))
def test_canonical_repository_is_idempotent(text: str) -> None:
    once = canonical_repository(f"https://github.com/o/{text.replace('/', '').replace('@', '')}x.git")
    assert canonical_repository(once) == once


@pytest.mark.parametrize("words", [["A_B"], ["A", "A_B"], ["A_B", "A_C_D", "A_C"], ["X", "Y"], ["A.B", "A_B"]])
def test_one_of_several_words(words: list[str]) -> None:
    pattern = re.compile(one_of(words))
    others = {"", "A_", "A_BC", "A_C_", "Z", "AxB", *"AXY", "A_B", "A_C", "A_C_D"} - set(words)
    assert all(pattern.fullmatch(word.encode()) for word in words)
    assert not any(pattern.fullmatch(word.encode()) for word in others)
    longest = pattern.match(b"A_C_D")
    assert longest is None or longest[0] == max((w for w in words if "A_C_D".startswith(w)), key=len).encode()


def test_one_of_no_words() -> None:
    assert one_of([]) == b""
