"""The HCL finder: a table of whole results, what is refused, the laws, odd input, linear time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.errors import ParseError
from fi_bump.formats.hcl import find
from fi_bump.pins import Found, Source
from tests.formats import laws, scaling
from tests.formats.results import WANTED, rows

V = "FLASHINFER_VERSION"
DEFAULT = f"variable.{V}.default"
ARG = f"target.a.args.{V}"


def variable(value: bytes) -> bytes:
    return b'variable "FLASHINFER_VERSION" { default = ' + value + b" }\n"


FORMS: list[tuple[bytes, list[str]]] = [
    (variable(b'"0.6.1"'), [f"1:44 {DEFAULT} 0.6.1"]),
    (variable(b'"v0.6.1+cu130"'), [f"1:45 {DEFAULT} 0.6.1"]),
    (variable(b'"0.6.1+cu${CUDA}"'), [f"1:44 {DEFAULT} 0.6.1"]),
    (
        b'\xef\xbb\xbfvariable FLASHINFER_VERSION {\r\n\ttype = string\r\n\tdefault="0.6.1" # "\r\n}\r\n',
        [f"3:11 {DEFAULT} 0.6.1"],
    ),
    (variable(b"<<EOT\n0.6.1\nEOT\n"), [f"2:1 {DEFAULT} 0.6.1"]),
    (variable(b"<<-EOT\n    v0.6.1\n  EOT\n"), [f"2:6 {DEFAULT} 0.6.1"]),
    (
        b'target "a" {\n  args = {\n    FLASHINFER_VERSION = "0.6.1"\n    "X" = "0.6.1",\n  }\n}\n',
        [f"3:27 {ARG} 0.6.1"],
    ),
    (b'target "a" { args = { "FLASHINFER_VERSION" : "0.6.1", T = 1 } }\n', [f"1:47 {ARG} 0.6.1"]),
    (
        b'# variable "FLASHINFER_VERSION" { default = "9.9" }\n// {\n/* "\n{ */ ' + variable(b'"0.6.1"'),
        [f"4:49 {DEFAULT} 0.6.1"],
    ),
    (b'locals {\n  xs = [1, { flashinfer_version = "0.6.1" }, [2]]\n}\n', ["2:36 locals.xs.flashinfer_version 0.6.1"]),
    (variable(b'"0.6.1"') * 2, [f"1:44 {DEFAULT} 0.6.1", f"2:44 {DEFAULT} (2) 0.6.1"]),
    (b'x = "${f("a", { b = "}" })} %{ if x }"\n' + variable(b'"0.6.1"'), [f"2:44 {DEFAULT} 0.6.1"]),
    (b'x = "$${ %%{ \\" $ %"\n' + variable(b'"0.6.1"'), [f"2:44 {DEFAULT} 0.6.1"]),
    (b'x = "' + "é".encode() + b'"; FLASHINFER_VERSION = "0.6.1"\n', []),
    (b'variable "TORCH_VERSION" { default = "2.9.0" }\nXFLASHINFER_VERSION = "1.0"\n', []),
    (variable(b"null") + variable(b'""') + variable(b"FLASHINFER_VERSION") + variable(b'"${X}"'), []),
    (variable(b"0.6"), [f"1:43 ? {V}: a number, not a string: quote it"]),
    (variable(b"true"), [f"1:43 ? {V}: true or false, not a version"]),
    (variable(b'"latest"'), [f"1:44 ? {V}: 'latest' is not a version"]),
    (variable(b'"0.6.\\u0031"'), [f"1:44 ? {V}: written with escapes"]),
    (variable(b'"0.6.${P}"'), [f"1:44 ? {V}: '0.6.${{P}}' is assembled from a variable"]),
    (variable(b'equal("", X) ? "0.6.1" : Y'), [f"1:59 ? {V}: a part of an expression, not one version"]),
    (variable(b'coalesce(\n  [X][0],\n  "0.6.1")'), [f"3:4 ? {V}: a part of an expression, not one version"]),
    (variable(b"X == 1 ? Y : Z"), []),
    (variable(b'"" + ""'), []),
    (b"args = { (a) = 1 }\n" + variable(b'"0.6.1"'), [f"2:44 {DEFAULT} 0.6.1"]),
]


def search(data: bytes) -> Found:
    return find(Source("docker-bake.hcl", data), WANTED)


@pytest.mark.parametrize(("data", "expected"), FORMS)
def test_form(data: bytes, expected: list[str]) -> None:
    assert rows(search(data)) == expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a = {\n", "docker-bake.hcl:1:5: '{' is not closed"),
        (b"a = f(\n{\n}", "docker-bake.hcl:1:6: '(' is not closed"),
        (b"\xef\xbb\xbfa = 1\n}\n", "docker-bake.hcl:2:1: '}' has no opening bracket"),
        (b"a = f(]\n", "docker-bake.hcl:1:7: ']' has no opening bracket"),
        (b'a = "x\n"', "docker-bake.hcl:1:5: the string has no end"),
        (b'a = "${', "docker-bake.hcl:1:5: the string has no end"),
        (b"a /* b", "docker-bake.hcl:1:3: the comment has no end"),
        (b"a = <<X\nb\n", "docker-bake.hcl:1:5: the heredoc X has no end"),
    ],
)
def test_refused(data: bytes, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        search(data)
    assert str(caught.value) == message


FRAGMENTS = [data.strip(b"\xef\xbb\xbf\r\n") for data, _ in FORMS]
VERSIONS = st.sampled_from(["0.6.11.post2", "1.0rc1", "0.7", "1!2.0.dev3"])


@pytest.mark.slow
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=6), st.sampled_from([b"\n", b"\r\n", b"\n\n"]), VERSIONS, VERSIONS)
def test_laws(parts: list[bytes], end: bytes, first: str, second: str) -> None:
    laws.hold(search, end.join(parts), first, second)


MARKS = [b"{", b"}", b"[", b"]", b"(", b")", b'"', b"${", b"=", b",", b"\n", b"<<E\n", b"\nE\n", b"/*", b"\\", b"\xff"]


@given(st.lists(st.sampled_from(FRAGMENTS + MARKS)))
def test_no_input_crashes(parts: list[bytes]) -> None:
    try:
        search(b"".join(parts))
    except ParseError as error:
        assert error.place is not None


def search_or_refuse(data: bytes) -> None:
    try:
        search(data)
    except ParseError:
        return


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", [b"{", b'"${', b"a ", b"a=[", b"a=f(", b"<<E\nE\n", b"/**/", b'"x" = "$', variable(b'"0.6.1"')]
)
def test_time_is_linear(piece: bytes) -> None:
    assert scaling.is_linear(search_or_refuse, lambda count: piece * count, 5_000)
