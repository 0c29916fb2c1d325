"""Every finder on mutated files of every form: no crash, no wrong span, and a move that reads back."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fi_bump.errors import ParseError
from fi_bump.formats.by_name import format_of
from fi_bump.formats.finders import finder
from fi_bump.formats.table import FORMATS, OTHER
from fi_bump.pins import Floor, Found, Pin, Source, Span, Unpinned, Wanted
from tests.formats import laws, scaling

WANTED = Wanted(
    frozenset({"flashinfer-python", "flashinfer-cubin", "flashinfer-jit-cache"}),
    frozenset({"FLASHINFER_VERSION", "FLASHINFER_GIT_REF"}),
    frozenset({"github.com/flashinfer-ai/flashinfer"}),
)
CASES = Path(__file__).parents[1] / "forms" / "cases"
NAMES = {
    "apptainer": "gpu.def",
    "bake": "versions.json",
    "bazel": "MODULE.bazel",
    "cmake": "CMakeLists.txt",
    "dockerfile": "Dockerfile",
    "earthfile": "Earthfile",
    "gentoo": "kit-0.6.1.ebuild",
    "groovy": "Jenkinsfile",
    "hcl": "docker-bake.hcl",
    "ini": "tox.ini",
    "jsonc": "devcontainer.json",
    "just": "justfile",
    "lockfile": "uv.lock",
    "makefile": "Makefile",
    "mise": "mise.toml",
    "nix": "package.nix",
    "notebook": "a.ipynb",
    "other": "run",
    "pkgbuild": "PKGBUILD",
    "pyproject": "pyproject.toml",
    "python": "setup.py",
    "requirements": "requirements.txt",
    "ruby": "kit.rb",
    "shell": "build.sh",
    "toml": "deps.toml",
    "tool_versions": ".tool-versions",
    "yaml": "ci.yml",
}
# The texts that a mutation inserts: the marks of every format, and fi-bump's own names and versions.
WORDS = [
    b"flashinfer-python==0.6.1",
    b"FLASHINFER_VERSION=0.6.1",
    b"FLASHINFER_VERSION: 0.6.1",
    b"0.6.1",
    b"v1",
    b"1!2",
    b"flashinfer_cubin",
    b"git clone https://github.com/flashinfer-ai/flashinfer",
    b" -b v0.6.1 ",
    b"git checkout ",
    b'"',
    b"'",
    b"`",
    b"(",
    b")",
    b"[",
    b"]",
    b"{",
    b"}",
    b"$(",
    b"${",
    b"\\",
    b"\\\n",
    b"\n",
    b"\r\n",
    b"\r",
    b"\t",
    b" ",
    b"#",
    b":",
    b"- ",
    b"? ",
    b"|\n",
    b">\n",
    b"&a ",
    b"*a ",
    b"---\n",
    b"<<E\n",
    b"E\n",
    b"=",
    b"==",
    b">=0.6",
    b"RUN ",
    b"ARG ",
    b"ENV ",
    b"\xff",
    b"\xef\xbb\xbf",
    "é".encode(),
    b"\0",
    b"\x0c",
    b"/",
    b"@",
    b"+cu130",
    b"%2B",
    b"https://h/v0.6.1/flashinfer_python-0.6.1-py3-none-any.whl",
    b'"""',
    b"''",
    b"{{ x }}",
    b"${{ x }}",
    b"]]",
]


def test_no_format_is_left_out() -> None:
    assert NAMES.keys() == {form.name for form in (*FORMATS, OTHER)}
    assert all(format_of(name) == form for form, name in NAMES.items())


@functools.cache
def corpus(form: str) -> list[bytes]:
    """Return the files of one format in the cases of tests/forms."""
    paths = sorted(path for path in CASES.rglob("tree/**/*") if path.is_file() and format_of(path.name) == form)
    return [path.read_bytes() for path in paths]


def find(form: str, data: bytes) -> Found:
    return finder(form)(Source(NAMES[form], data), WANTED)


Edits = list[tuple[int, int, bytes]]
EDITS = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(0, 40), st.one_of(st.sampled_from(WORDS), st.binary(max_size=4))),
    max_size=8,
)


def mutated(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """Return the data with some slices replaced."""
    for at, length, new in edits:
        start = at % (len(data) + 1)
        data = data[:start] + new + data[start + length :]
    return data


def test_every_format_has_files_to_mutate() -> None:
    assert all(corpus(form) for form in NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("form", sorted(NAMES))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data(), edits=EDITS)
def test_mutated_files(form: str, data: st.DataObject, edits: list[tuple[int, int, bytes]]) -> None:
    text = mutated(data.draw(st.sampled_from(corpus(form))), edits)
    try:
        found = find(form, text)
    except ParseError as error:
        assert error.message
        assert error.place
        return
    assert [pin.span for pin in found.pins] == sorted(pin.span for pin in found.pins)
    spans = sorted(span for pin in found.pins for span in (pin.span, *pin.repeats))
    assert all(before.end <= after.start for before, after in itertools.pairwise(spans))
    assert len({pin.anchor for pin in found.pins}) == len(found.pins)
    places: list[Pin | Unpinned | Floor] = [*found.pins, *found.unpinned, *found.floors]
    for place in places:
        assert 0 <= place.span.start < place.span.end <= len(text)
        assert place.subject in WANTED.packages | WANTED.variables | WANTED.repositories
    for pin in found.pins:
        assert {text[span.start : span.end] for span in pin.repeats} <= {pin.version.encode()}
        assert {span for span in pin.hashes if not 0 <= span.start < span.end <= len(text)} == set[Span]()
    # fi-bump verifies each move on the new bytes before it writes; most mutated files must pass that check.
    assume(not any(pin.hashes for pin in found.pins))
    moved = laws.moved(lambda each: find(form, each), text, "0.9.1")
    try:
        again = find(form, moved)
    except ParseError:
        return
    if [pin.anchor for pin in again.pins] == [pin.anchor for pin in found.pins]:
        assert {pin.version for pin in again.pins} <= {"0.9.1"}


PIECES = [
    *WORDS,
    b"flashinfer-python==0.6.1 ",
    b"'x' ",
    b"a: ",
    b"{a: ",
    b"[a, ",
    b"x",
    b"1.",
    b"a.b-",
    b"$((",
    b"${a:-",
]


@pytest.mark.slow
@pytest.mark.parametrize("form", sorted(NAMES))
def test_time_grows_as_the_file_does(form: str) -> None:
    def look(data: bytes) -> object:
        try:
            return find(form, data)
        except ParseError:
            return None

    def repeated(piece: bytes) -> Callable[[int], bytes]:
        head = b"RUN flashinfer-python==0.6.1 FLASHINFER_VERSION=0.6.1 " if form == "dockerfile" else b""
        return lambda count: head + piece * count

    assert [each for each in PIECES if not scaling.is_linear(look, repeated(each), 4_000 // len(each))] == []
