"""The bake finder: whole results for every form, the laws, and json to confirm the scanner."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.errors import ParseError
from fi_bump.formats.bake import find
from fi_bump.formats.shared.json_strings import MAX_DEPTH, decoded, scalars
from fi_bump.pins import Found, Kind, Source, Wanted
from tests.formats import laws

WANTED = Wanted(frozenset({"flashinfer-python"}), frozenset({"FLASHINFER_VERSION"}), frozenset())
DEFAULT = "variable.FLASHINFER_VERSION.default"


def look(data: bytes) -> Found:
    return find(Source("docker/versions.json", data), WANTED)


def variable(value: str) -> bytes:
    return ('{"variable": {"FLASHINFER_VERSION": {"default": ' + value + "}}}").encode()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (variable('"0.6.1"'), [(DEFAULT, "0.6.1", 1, 50)]),
        (variable('"v0.6.1"'), [(DEFAULT, "0.6.1", 1, 51)]),
        (variable('"0.6.1.post2+cu130"'), [(DEFAULT, "0.6.1.post2", 1, 50)]),
        (variable('"v0.6.1+${CUDA}"'), [(DEFAULT, "0.6.1", 1, 51)]),
        (b"\xef\xbb\xbf" + variable('"0.6.1"'), [(DEFAULT, "0.6.1", 1, 50)]),
        (
            (
                b'{\r\n\t"_comment": "\xff 0.6.1",\r\n\t"variable" : {\r\n\t\t"VLLM_FLASHINFER_VERSION"\t:\t{\r\n'
                b'\t\t\t"default"\r\n:\r\n"0.6.1"\r\n}\r\n}\r\n}\r\n'
            ),
            [("variable.VLLM_FLASHINFER_VERSION.default", "0.6.1", 7, 2)],
        ),
        (
            b'{"target": {"test": {"args": {"flashinfer_version": "0.6.1", "KFLASHINFER_VERSION": "0.6.1"}}}}',
            [("target.test.args.flashinfer_version", "0.6.1", 1, 54)],
        ),
        (
            b'{"variable": {"FLASHINFER_VERSION": {"default": "0.6.1", "default": "0.6.2"}}}',
            [(DEFAULT, "0.6.1", 1, 50), (DEFAULT + " (2)", "0.6.2", 1, 70)],
        ),
        (b'{"variable": [{"FLASHINFER_VERSION": [{"default": "0.6.1"}]}]}', [(DEFAULT, "0.6.1", 1, 52)]),
        (b'{"variable": {"FLASHINFER\\u005fVERSION": {"default": "0.6.1"}}}', [(DEFAULT, "0.6.1", 1, 55)]),
        (
            b'{"target": {"\\ud800\xc3\xa9": {"args": {"FLASHINFER_VERSION": "0.6.1"}}}}',
            [("target.?\u00e9.args.FLASHINFER_VERSION", "0.6.1", 1, 57)],
        ),
    ],
)
def test_pins(data: bytes, expected: list[tuple[str, str, int, int]]) -> None:
    found = look(data)
    assert (found.unpinned, found.floors) == ((), ())
    assert [(pin.anchor, pin.version, *pin.source.position(pin.span.start)) for pin in found.pins] == expected
    assert {(pin.kind, pin.subject) for pin in found.pins} == {(Kind.VARIABLE, "FLASHINFER_VERSION")}


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b" [] ",
        b'"0.6.1"',
        b"1",
        b'{"FLASHINFER_VERSION": "0.6.1"}',
        b'{"variable": "0.6.1"}',
        b'{"variable": {"TORCH_VERSION": {"default": "0.6.1"}}}',
        b'{"variable": {"FLASHINFER_VERSION": {"description": "0.6.1"}}}',
        b'{"variable": {"FLASHINFER_VERSION": {"default": ["0.6.1"], "validation": {"default": "0.6.1"}}}}',
        b'{"variable": {"FLASHINFER_VERSION": {}}}',
        variable("null"),
        variable('""'),
        variable('"${FLASHINFER_VERSION}"'),
        variable('"v${V2}"'),
        b'{"target": {"a": {"args": {"FLASHINFER_VERSION": null}, "labels": {"FLASHINFER_VERSION": "1"}}}}',
    ],
)
def test_nothing(data: bytes) -> None:
    assert look(data) == Found(())


def test_requirements_are_reported() -> None:
    data = b"""{"packages": ["flashinfer_python[cu13]==0.6.1 ; #engine# == \\"x\\"", "torch==2.9", "flashinfer-python>=0.6"],
    "x": "FlashInfer.Python == 0.6.1+cu130", "flashinfer-python==0.6.2": "flashinfer-python is at ==0.6.1"}"""
    found = look(data)
    reason = "a requirement in a JSON file: update it by hand, or record it with fi-bump site add"
    assert (found.pins, found.floors) == ((), ())
    assert [(item.source.text(item.span), item.subject, item.reason, item.version) for item in found.unpinned] == [
        ("0.6.1", "flashinfer-python", reason, None),
        ("0.6.1", "flashinfer-python", reason, None),
    ]
    assert found.unpinned[1].span.start == data.index(b"0.6.1+")


@pytest.mark.parametrize(
    ("value", "text", "reason"),
    [
        ("0.6", "0.6", "a number, not a string: quote it"),
        ("true", "true", "true or false, not a version"),
        ('"latest"', "latest", "'latest' is not a version"),
        ('" 0.6.1"', " 0.6.1", "' 0.6.1' is not a version"),
        ('"0.6.é"', "0.6.é", "'0.6.é' is not a version"),
        ('"0.6\\u002e1"', "0.6\\u002e1", "written with escapes"),
        ('"0.6.${P}"', "0.6.${P}", "'0.6.${P}' is assembled from a variable"),
    ],
)
def test_unpinned(value: str, text: str, reason: str) -> None:
    found = look(variable(value))
    assert (found.pins, found.floors) == ((), ())
    assert [(item.source.text(item.span), item.subject, item.reason, item.version) for item in found.unpinned] == [
        (text, "FLASHINFER_VERSION", reason, None)
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "docker/versions.json:1:1: not JSON: expected a value here"),
        (b"\xef\xbb\xbf{\n  x", "docker/versions.json:2:3: not JSON: expected a string as key or '}' here"),
        (b'{"a": 1,}', "docker/versions.json:1:9: not JSON: expected a string as key here"),
        (b"[1,]", "docker/versions.json:1:4: not JSON: expected a value here"),
        (b"[1}", "docker/versions.json:1:3: not JSON: expected ',' or ']' here"),
        (b'{"a" 1}', "docker/versions.json:1:6: not JSON: expected ':' here"),
        (b'["\xc3\xa9", NaN]', "docker/versions.json:1:7: not JSON: expected a value here"),
        (b'["a\nb"]', "docker/versions.json:1:2: not JSON: expected a value or ']' here"),
        (b"{} // x", "docker/versions.json:1:4: not JSON: expected the end of the file here"),
        (b'{"a": "b"', "docker/versions.json:1:10: not JSON: expected ',' or '}' here"),
        (b"[" * 100_000, f"docker/versions.json:1:{MAX_DEPTH + 1}: nested more than {MAX_DEPTH} levels deep"),
    ],
)
def test_errors(data: bytes, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        look(data)
    assert str(caught.value) == message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
TEXTS = st.builds(
    lambda value, indent, ascii_only: json.dumps(value, indent=indent, ensure_ascii=ascii_only),
    JSON,
    st.sampled_from([None, 1, "\t"]),
    st.booleans(),
)


def flat(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flat(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from flat(item, (*path, index))
    else:
        yield path, value


@pytest.mark.slow
@given(TEXTS)
def test_scanner_reads_what_json_reads(text: str) -> None:
    source = Source("a.json", text.encode("utf-8"))
    read = [
        (item.path, decoded(source, item.span) if item.is_string else json.loads(source.text(item.span)))
        for item in scalars(source)
    ]
    assert read == list(flat(json.loads(text)))


@pytest.mark.slow
@given(TEXTS, st.integers(0), st.sampled_from([*'{}[]",:x1 \\-.0et\n\x00é', ""]))
def test_scanner_accepts_what_json_accepts(text: str, at: int, piece: str) -> None:
    at %= len(text)
    text = text[:at] + piece + text[at + 1 :]
    try:
        json.loads(text)
        valid = True
    except ValueError:
        valid = False
    try:
        list(scalars(Source("a.json", text.encode("utf-8"))))
        accepted = True
    except ParseError:
        accepted = False
    assert accepted == valid


VERSIONS = st.sampled_from(["0.6.1", "0.6.11.post2", "1!2.0", "0.7.0rc1", "10", "1.0-1"])
VALUES = st.builds("{}{}{}".format, st.sampled_from(["", "v", "x"]), VERSIONS, st.sampled_from(["", "+cu130", "+${C}"]))
NAMES = st.sampled_from(["FLASHINFER_VERSION", "A_FLASHINFER_VERSION", "TORCH_VERSION", "é"])
VARIABLES = st.dictionaries(NAMES, st.fixed_dictionaries({"description": st.text(), "default": VALUES | JSON}))
TARGETS = st.dictionaries(st.text(max_size=2), st.fixed_dictionaries({"args": st.dictionaries(NAMES, VALUES | JSON)}))


@st.composite
def bakes(draw: st.DrawFn) -> bytes:
    members = [("variable", draw(VARIABLES)), ("target", draw(TARGETS)), ("variable", draw(VARIABLES))]
    indent, ascii_only = draw(st.sampled_from([None, 2, "\t"])), draw(st.booleans())
    body = ", ".join(f'"{key}": {json.dumps(value, indent=indent, ensure_ascii=ascii_only)}' for key, value in members)
    text = draw(st.sampled_from(["", "\ufeff"])) + "{" + body + "}" + draw(st.sampled_from(["", "\n"]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))).encode()


@pytest.mark.slow
@given(bakes(), VERSIONS, VERSIONS)
def test_laws(data: bytes, first: str, second: str) -> None:
    laws.hold(look, data, first, second)
