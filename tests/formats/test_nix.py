"""The Nix finder: a table of whole results, odd input, linear time. Its pins never move alone, so no laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.formats.nix import find
from fi_bump.pins import Found, Source, Wanted
from tests.formats import scaling
from tests.formats.results import REPOSITORY, WANTED, rows

HASHED = "fi-bump does not update it, because its hash must be recomputed"
UNHASHED = "a release in a Nix expression, which fi-bump does not update"
SOURCE = b'src = fetchFromGitHub { owner = "flashinfer-ai"; repo = "flashinfer"; '
FORMS: list[tuple[bytes, list[str]]] = [
    (
        b'mk rec {\n  pname = "flashinfer-python";\n  version = "0.6.1";\n  hash = "sha256-a=";\n}\n',
        [f"3:14 flashinfer-python/version 0.6.1 ! {HASHED}"],
    ),
    (
        b'mk { pname = "FlashInfer_Python"; version = "0.6.1"; }\n',
        [f"1:46 flashinfer-python/version 0.6.1 ! {UNHASHED}"],
    ),
    (
        b'mk {\n  pname = "flashinfer";\n  version = "0.6.1";\n  '
        + SOURCE
        + b'tag = "v${version}"; hash = "sha256-a="; };\n}\n',
        [f"3:14 {REPOSITORY}/version 0.6.1 ! {HASHED}"],
    ),
    (
        b'mk {\n  version = "0.6.1";\n  ' + SOURCE + b'rev =\n    "v0.6.1"; sha256 = "a"; };\n}\n',
        [f"2:14 {REPOSITORY}/version 0.6.1 ! {HASHED}", f"4:7 {REPOSITORY}/rev 0.6.1 ! {HASHED}"],
    ),
    (
        b'mk {\n  pname = "vllm"; version = "0.22.0";\n  f = fetchFromGitHub { owner = "flashinfer-ai"; repo = "flashinfer"; rev = "0.6.1"; hash = "a"; };\n}\n',
        [f"3:78 {REPOSITORY}/rev 0.6.1 ! {HASHED}"],
    ),
    (
        b'{ a = mk { pname = "torch"; version = "2.9.0"; hash = "a"; }; b = mk { owner = "x"; repo = "flashinfer"; rev = "v0.6.1"; }; }\n',
        [],
    ),
    (
        b'fetchgit { url = "https://github.com/flashinfer-ai/flashinfer.git"; rev = "refs/tags/v0.6.1"; }\n',
        [f"1:87 {REPOSITORY}/rev 0.6.1 ! {UNHASHED}"],
    ),
    (
        b'{ inputs.f.url = "github:flashinfer-ai/flashinfer/v0.6.1"; g.url = "github:flashinfer-ai/flashinfer"; }\n',
        [f"1:52 {REPOSITORY}/url 0.6.1 ! flake.lock contains its hash: update it by hand, then run nix flake update"],
    ),
    (
        b'{ url = "git+https://github.com/flashinfer-ai/flashinfer.git?ref=v0.6.1"; }\n',
        [f"1:67 {REPOSITORY}/url 0.6.1 ! flake.lock contains its hash: update it by hand, then run nix flake update"],
    ),
    (b'let flashinfer-version = "v0.6.1"; in mk { hash = "a"; }\n', [f"1:28 flashinfer-version 0.6.1 ! {HASHED}"]),
    (
        b'# pname = "flashinfer-python"; version = "9.9"\n/* { */ mk { pname = "flashinfer-python"; version = "latest"; x = \'\' version = "9.9"; } \'\'; }\n',
        [],
    ),
    (b'mk { pname = "flashinfer-python"; version = "0.6.1"\n', [f"1:46 flashinfer-python/version 0.6.1 ! {UNHASHED}"]),
    (
        b'mk { pname = "flashinfer-jit-cache"; version = "0.6.1+cu128"; src = fetchurl { sha256 = "a"; }; }\n',
        [f"1:49 flashinfer-jit-cache/version 0.6.1 ! {UNHASHED}"],
    ),
    (b"} /* '' \" {\n", []),
]


def search(data: bytes) -> Found:
    return find(Source("default.nix", data), WANTED)


@pytest.mark.parametrize(("data", "expected"), FORMS)
def test_form(data: bytes, expected: list[str]) -> None:
    assert rows(search(data)) == expected


def test_nothing_wanted_finds_nothing() -> None:
    nothing = Wanted(*[frozenset[str]()] * 3)
    assert find(Source("a.nix", b'{ pname = "x"; version = "1.0"; }'), nothing) == Found(())


@given(st.lists(st.sampled_from([*(data for data, _ in FORMS), b"{", b"}", b'"', b"''", b"/*", b"\\", b"=", b"\xff"])))
def test_no_input_crashes(parts: list[bytes]) -> None:
    for pin in search(b"".join(parts)).pins:
        assert pin.guard is not None


@pytest.mark.slow
@pytest.mark.parametrize("piece", [b"{", b'"', b"''", b"a ", b'a = "', b"/*", FORMS[3][0]])
def test_time_is_linear(piece: bytes) -> None:
    assert scaling.is_linear(search, lambda count: piece * count, 5_000)
