"""What is looked for before a pattern is compiled rules out nothing that the pattern matches, and finds nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from fi_bump.errors import ParseError
from fi_bump.formats import dockerfile_lines, python_promise, shell_commands, shell_git, shell_reports
from fi_bump.formats.python_literals import literals
from fi_bump.formats.python_names import names_of
from fi_bump.formats.python_version_strings import GateReader
from fi_bump.formats.shared.name_search import merged
from fi_bump.grammar import has_any, one_of, variable_of
from fi_bump.pins import Source
from tests.formats.results import WANTED

VARIABLES = frozenset({"KIT_VERSION", "KIT", "FI"})


def made_of(pieces: Iterable[bytes], most: int = 16) -> st.SearchStrategy[bytes]:
    """Return texts that are made of pieces in any order."""
    return st.lists(st.sampled_from([*pieces]), max_size=most).map(b"".join)


ASSIGNMENTS = made_of(
    [b"KIT", b"kit_", b"VERSION", b"_", b"FI", b"X", b"=", b"==", b"$", b"{", b"}", b"${", b":-", b":=", b"-", b"1.0"]
    + [b'"', b"'", b"\\", b" ", b"\n", b",", b";", b"{{ x }}", b"${{ a }}", b"\0"],
    24,
)


@settings(max_examples=2000, deadline=None)
@given(text=ASSIGNMENTS)
@example(text=b"KIT=KIT=1.0")
@example(text=b"X=KIT=1.0 a-KIT=1")
def test_assignments_are_those_of_the_pattern_of_all_names(text: bytes) -> None:
    name = rb"(?P<name>(?:\w*_)?(?:" + one_of(VARIABLES) + rb"))"
    value = rb"=(?!=)\\?[\"']?(?P<value>" + shell_commands._VALUE + rb")"
    every = re.compile(rb"(?<![\w${])" + name + value, re.IGNORECASE).finditer(text)
    expected = [(match["name"], *match.span("value")) for match in every]
    assert list(shell_commands.assigned(text, VARIABLES)) == expected
    assert list(shell_commands.assigned(text, frozenset())) == []


@settings(max_examples=2000, deadline=None)
@given(text=ASSIGNMENTS)
def test_defaults_are_those_of_the_pattern_of_all_names(text: bytes) -> None:
    name = rb"(?P<name>(?:\w*_)?(?:" + one_of(VARIABLES) + rb"))"
    every = re.compile(rb"\$\{" + name + rb":?[-=](?P<value>[^}$\s]*)\}", re.IGNORECASE).finditer(text)
    expected = [(match["name"], match.span("value")) for match in every]
    found = [(match["name"], match.span("value")) for match in shell_commands.defaults(text)]
    assert [each for each in found if variable_of(each[0].decode(), VARIABLES)] == expected


@settings(max_examples=2000, deadline=None)
@given(
    text=made_of(
        [b"python", b"PYTHON3.12", b"bash", b"sh", b"./a.sh", b"/b", b"..", b"/", b" ", b" ", b"\t", b"\n", b'"', b"'"]
        + [b"kit", b"--x", b"0.6.1", b"v1!2.0rc1", b"1.x", b"7", b".", b"-", b" 0.6.1 x", b" " * 300, b"&&", b"("]
    )
)
@example(text=b"./a.sh" + b" " * 1000 + b"0.6.1 x")
@example(text=b"python a" + b" " * 500 + b"kit 0.6.1 x")
@example(text=b"echo 1.0 2.0 ./a.sh 0.6.1 x")
def test_no_script_is_ruled_out(text: bytes) -> None:
    if shell_reports._SCRIPT.search(text):
        assert shell_reports.has_script(text)


def test_a_version_after_another_word_is_no_argument_of_a_script() -> None:
    assert not shell_reports.has_script(b"git clone --depth 1 --branch v0.6.1 --recursive https://a.example/b.git")
    assert not shell_reports.has_script(b'\nX="7.5 8.0 8.9"\n')


@settings(max_examples=1500, deadline=None)
@given(
    text=made_of(
        [
            b"RUN x",
            b"ONBUILD ",
            b"FROM kit\n",
            b"ARG A=1\n",
            b"kit",
            b"KIT",
            b"git ",
            b"\\",
            b"\\\n",
            b"\\ \n",
            b"\\\\\n",
        ]
        + [
            b"\n",
            b"\n\n",
            b"\r",
            b"\r\n",
            b"#",
            b"# kit\n",
            b"# escape=`\n",
            b"`\n",
            b" ",
            b"\t",
            b"\x0b\n",
            b"\xc3\xa9",
        ]
        + [b"<<", b"<<EOF", b"\nEOF\n", b"EOF\n", b"COPY <<-A B\n", b"A\n"],
        24,
    )
)
def test_instructions_with_a_word_are_those_of_all_instructions(text: bytes) -> None:
    def scanned(words: tuple[bytes, ...]) -> list[tuple[object, ...]] | str:
        try:
            found = list(dockerfile_lines.scan(Source("Dockerfile", text), words))
        except ParseError as error:
            return str(error.place)
        return [
            (each.keyword, each.line.data, each.args, [body.data for body in each.bodies], each.line.span(0, 1))
            for each in found
        ]

    every, some = scanned(()), scanned((b"kit", b"git"))
    if isinstance(every, str) or isinstance(some, str):
        assert every == some
        return
    assert [each for each in every if each in some] == some
    # A comment inside an instruction may have the word too, so that more instructions are read than have it.
    named = [each for each in every if any(word in bytes(each[1]).lower() for word in (b"kit", b"git", b"<<"))]  # type: ignore[call-overload]
    assert [each for each in named if each not in some] == []


CODE = made_of(
    [
        b'"0.6.1"',
        b"'1.0'",
        b'"""0.6.1"""',
        b"b'0.6.1'",
        b" in ",
        b"not ",
        b"(",
        b"[",
        b"{",
        b")",
        b"]",
        b",",
        b"\n",
        b" ",
    ]
    + [b"x", b"flashinfer.__version__", b"FLASHINFER_VERSION", b"=", b"==", b"!=", b"<", b":", b"str", b".startswith("]
    + [b"version(", b'"flashinfer"', b"\t"]
)


@settings(max_examples=3000, deadline=None)
@given(text=CODE)
def test_no_gate_is_ruled_out(text: bytes) -> None:
    source = Source("a.py", text)
    reader, words = GateReader(source, WANTED), names_of(WANTED).words
    for literal in literals(source):
        quote = literal.body.start
        # A version beside another string is looked for elsewhere.
        if reader.classify(literal, None) is not None:
            assert python_promise._may_be_gate(source.masked, quote - 1, literal.body.end, words) or (
                quote >= 3 and python_promise._may_be_gate(source.masked, quote - 1, literal.body.end + 2, words)
            )


@given(text=made_of([b"version", b"x", b".", b" ", b"\t", b"(", b"\n", b'"', b"'''", b"r", b"0.6", b"v1", b"V2"]))
def test_a_row_is_what_the_pattern_matches(text: bytes) -> None:
    expected = python_promise._ROW.search(text) is not None
    assert python_promise._has_row(Source("a.py", text)) is expected


@given(
    text=made_of(
        [b"git", b"git@", b"cd", b"pushd", b"popd", b" ", b"X", b"=", b"https", b"ssh", b"://", b"a", b":-", b'"']
    )
)
def test_no_git_command_is_ruled_out(text: bytes) -> None:
    if shell_git._COMMAND.search(text):
        assert has_any(text, shell_git._HINTS)


@given(parts=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=8))
def test_merged_parts_have_all_bytes_once(parts: list[tuple[int, int]]) -> None:
    spans = sorted((start, start + length) for start, length in parts)
    found = list(merged(iter(spans)))
    assert all(before[1] < after[0] for before, after in pairwise(found))
    assert all(any(first <= start and end <= last for first, last in found) for start, end in spans)
    assert {place for first, last in found for place in range(first, last)} == {
        place for start, end in spans for place in range(start, end)
    }
