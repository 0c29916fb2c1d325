"""The Makefile finder: a table of whole results, the laws, odd input, linear time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.formats.makefile import find
from fi_bump.pins import Found, Source, Wanted
from tests.formats import laws, scaling
from tests.formats.results import REPOSITORY, URL, WANTED, rows

V = "FLASHINFER_VERSION"
FORMS: list[tuple[bytes, list[str]]] = [
    (b"FLASHINFER_VERSION ?= 0.6.1\n", [f"1:23 {V} 0.6.1"]),
    (b"FLASHINFER_VERSION := v0.6.1+cu130 # why\r\n", [f"1:24 {V} 0.6.1"]),
    (b"FLASHINFER_VERSION=0.6.1", [f"1:20 {V} 0.6.1"]),
    (
        b"\xef\xbb\xbfFLASHINFER_VERSION ::= 0.6.1\nFLASHINFER_VERSION :::= 0.6.1\n",
        [f"1:24 {V} 0.6.1", f"2:25 {V} (2) 0.6.1"],
    ),
    (b"export FLASHINFER_VERSION = 0.6.1\n", [f"1:29 {V} 0.6.1"]),
    (b"override export VLLM_FLASHINFER_VERSION := 0.6.1\n", ["1:44 VLLM_FLASHINFER_VERSION 0.6.1"]),
    (b"build test: FLASHINFER_VERSION = 0.6.1\n", [f"1:34 {V} 0.6.1"]),
    (b"FLASHINFER_VERSION = \\\n  0.6.1\n", [f"2:3 {V} 0.6.1"]),
    (b"FLASHINFER_VERSION = 0.\\\n6.1\n", ["1:22 ? FLASHINFER_VERSION: the version is split over lines"]),
    (b"# FLASHINFER_VERSION = 9.9 \\\nFLASHINFER_VERSION = 9.9\n#FLASHINFER_VERSION=9.9\n", []),
    (b"X = a \\# b\nFLASHINFER_VERSION = 0.6.1\n", [f"2:22 {V} 0.6.1"]),
    (b"FLASHINFER_VERSION = $(shell cat v)\nFLASHINFER_VERSION = $(V)\nFLASHINFER_VERSION != cat v 0.6\n", []),
    (b"FLASHINFER_VERSION = latest\n", ["1:22 ? FLASHINFER_VERSION: not a version"]),
    (b"TORCH_VERSION = 0.6.1\nXFLASHINFER_VERSION = 0.6.1\nFLASHINFER_VERSION_X = 0.6.1\n", []),
    (b"FLASHINFER_VERSION: 0.6.1\nifeq ($(FLASHINFER_VERSION),0.6.1)\nendif\n", []),
    (b"P := torch==2.9.0 \\\n  flashinfer-python==0.6.1\n", ["2:22 flashinfer-python 0.6.1"]),
    (
        b"x: y\n\t@pip install flashinfer-python==$(FLASHINFER_VERSION) 'flashinfer-cubin==0.6.1'\n",
        ["2:75 flashinfer-cubin 0.6.1"],
    ),
    (
        b"x:\n\t# flashinfer-cubin==9.9\n\tFLASHINFER_VERSION=0.6.1 \\\n\t  pip install flashinfer-cubin==0.6.1\n",
        [f"3:21 {V} 0.6.1", "4:34 flashinfer-cubin 0.6.1"],
    ),
    (b"x:\n\techo $${FLASHINFER_VERSION:-0.6.1}\n", [f"2:30 {V} 0.6.1"]),
    (
        b"define S =\n# FLASHINFER_VERSION=9.9\nFLASHINFER_VERSION=0.6.1\nendef\nFLASHINFER_VERSION=0.6.2\n",
        [f"3:20 {V} 0.6.1", f"5:20 {V} (2) 0.6.2"],
    ),
    (b"REPO ?= " + URL + b"\nx:\n\tgit clone -b v0.6.1 $(REPO)\n", [f"3:16 git clone {REPOSITORY} 0.6.1"]),
    (
        b"x:\n\tgit clone " + URL + b"\n\tcd flashinfer && git checkout v0.6.1\n",
        [f"3:33 git checkout {REPOSITORY} 0.6.1"],
    ),
    (b"R := git+" + URL + b"@v0.6.1\n", [f"1:59 git+{REPOSITORY} 0.6.1"]),
    (b"x:\n\tgit clone " + URL + b"\n", [f"2:12 ? {REPOSITORY}: cloned without a release"]),
]


def search(data: bytes) -> Found:
    return find(Source("Makefile", data), WANTED)


@pytest.mark.parametrize(("data", "expected"), FORMS)
def test_form(data: bytes, expected: list[str]) -> None:
    assert rows(search(data)) == expected


def test_nothing_wanted_finds_nothing() -> None:
    assert find(Source("Makefile", b"V = 1.0\nx:\n\tgit clone y\n"), Wanted(*[frozenset[str]()] * 3)) == Found(())


FRAGMENTS = [data.strip(b"\xef\xbb\xbf\r\n") for data, _ in FORMS]
VERSIONS = st.sampled_from(["0.6.11.post2", "1.0rc1", "0.7", "1!2.0.dev3"])


@pytest.mark.slow
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=6), st.sampled_from([b"\n", b"\r\n", b"\n\n"]), VERSIONS, VERSIONS)
def test_laws(parts: list[bytes], end: bytes, first: str, second: str) -> None:
    laws.hold(search, end.join(parts), first, second)


@given(
    st.lists(st.sampled_from([*FRAGMENTS, b"\\", b"\n", b"\t", b"#", b"define", b"endef", b":", b"=", b"$(", b"\xff"]))
)
def test_no_input_crashes(parts: list[bytes]) -> None:
    data = b"".join(parts)
    for pin in search(data).pins:
        assert data[pin.span.start : pin.span.end] == pin.version.encode()


@pytest.mark.slow
@pytest.mark.parametrize("piece", [b"\\", b"a ", b"FLASHINFER_VERSION := 0.6.1\n", b"x: ", b"\\\n", b"\t\n", b"$($("])
def test_time_is_linear(piece: bytes) -> None:
    assert scaling.is_linear(search, lambda count: piece * count, 10_000)
