"""The CMake finder: a table of forms with their results, the laws, arbitrary bytes, time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.formats.cmake import find
from fi_bump.pins import Found, Source, Wanted
from tests.formats import laws, scaling
from tests.formats.results import REPOSITORY, URL, WANTED, rows

V = "FLASHINFER_VERSION"
GIT = b"GIT_REPOSITORY " + URL
ARCHIVE = b"https://github.com/flashinfer-ai/flashinfer/archive/refs/tags/v0.6.1.tar.gz"
FORMS: list[tuple[bytes, list[str]]] = [
    (b'set(FLASHINFER_VERSION "v0.6.1" CACHE STRING "0.5")\n', [f"1:26 {V} 0.6.1"]),
    (b"SET ( MY_FLASHINFER_VERSION\n  0.6.1+cu130 )\n", [f"2:3 MY_{V} 0.6.1"]),
    (b"set(FLASHINFER_VERSION [[0.6.1]] PARENT_SCOPE)\n", [f"1:26 {V} 0.6.1"]),
    (b"set(FLASHINFER_VERSION ${X})\nset(FLASHINFER_VERSION)\nset(TORCH_VERSION 2.9.0)\n", []),
    (b"set(FLASHINFER_VERSION latest)\n", [f"1:24 ? {V}: not a version"]),
    (b'# set(FLASHINFER_VERSION "0.6.1")\n#[=[ set(FLASHINFER_VERSION 0.6.1) ]] ]=]\n', []),
    (
        b"FetchContent_Declare(\n  repo-flashinfer  # FlashInfer\n  "
        + GIT
        + b"\n  GIT_TAG v0.6.1\n  GIT_SHALLOW OFF)\n",
        ["4:12 FetchContent_Declare repo-flashinfer/GIT_TAG 0.6.1"],
    ),
    (
        b"FetchContent_Declare(f " + GIT + b" GIT_TAG " + b"9" * 40 + b")\n",
        [f"1:95 ? {REPOSITORY}: a commit, not a release"],
    ),
    (
        b"FetchContent_Declare(flashinfer-python==0.6.1 " + GIT + b" GIT_TAG v0.6.1)\n",
        ["1:41 FetchContent_Declare flashinfer-python 0.6.1", "1:119 FetchContent_Declare/GIT_TAG 0.6.1"],
    ),
    (b"ExternalProject_Add(f " + GIT + b")\n", [f"1:38 ? {REPOSITORY}: fetched without a release"]),
    (b"FetchContent_Declare(f " + GIT + b" GIT_TAG ${FLASHINFER_TAG})\n", []),
    (b"FetchContent_Declare(f GIT_REPOSITORY https://github.com/o/p GIT_TAG v0.6.1)  # flashinfer\n", []),
    (
        b'CPMAddPackage(NAME f GITHUB_REPOSITORY flashinfer-ai/flashinfer VERSION 0.6.1 OPTIONS "A 0.6.1")\n',
        ["1:73 CPMAddPackage f/VERSION 0.6.1"],
    ),
    (b"FetchContent_Declare(f URL " + ARCHIVE + b")\n", [f"1:91 FetchContent_Declare url {REPOSITORY} 0.6.1"]),
    (
        b"FetchContent_Declare(f URL " + ARCHIVE + b" URL_HASH SHA256=00)\n",
        [f"1:91 FetchContent_Declare url {REPOSITORY} 0.6.1 ! its checksum is beside it; update both together"],
    ),
    (
        b'execute_process(COMMAND pip install "flashinfer-python==0.6.1" flashinfer-cubin>=0.6)\n',
        ["1:57 execute_process flashinfer-python 0.6.1", "1:80 ~ flashinfer-cubin>=0.6"],
    ),
    (b'message("flashinfer (see )" ")\nset(FLASHINFER_VERSION 0.6.1)\n', []),
    (b"set(FLASHINFER_VERSION 0.6.1", []),
    (b")))(((\n", []),
]


def search(data: bytes) -> Found:
    return find(Source("CMakeLists.txt", data), WANTED)


@pytest.mark.parametrize(("data", "expected"), FORMS)
def test_form(data: bytes, expected: list[str]) -> None:
    assert rows(search(data)) == expected


def test_nothing_wanted_finds_nothing() -> None:
    nothing = Wanted(frozenset(), frozenset(), frozenset())
    assert find(Source("CMakeLists.txt", b"".join(data for data, _ in FORMS[:6])), nothing) == Found(())


@pytest.mark.slow
@given(
    st.lists(st.sampled_from([data for data, _ in FORMS[:15]]), max_size=6),
    st.sampled_from(["0.6.1", "0.10.0.post2", "1!2.0rc1"]),
    st.sampled_from(["0.6.1", "0.6.11.post2"]),
)
def test_laws(parts: list[bytes], first: str, second: str) -> None:
    laws.hold(search, b"".join(parts), first, second)


@given(st.lists(st.one_of(st.sampled_from([data for data, _ in FORMS]), st.binary(max_size=4))))
def test_no_input_crashes(parts: list[bytes]) -> None:
    found = search(b"".join(parts))
    assert all(pin.version for pin in found.pins)


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", [b"(", b'"', b"[[", b"#[[", b"set(", b"set(FLASHINFER_VERSION 0.6.1)\n", b"\\", FORMS[6][0]]
)
def test_time_is_linear(piece: bytes) -> None:
    assert scaling.is_linear(search, lambda count: piece * count, 40_000 // len(piece))
