"""The string literals of a Python text and the brackets around them, from a scanner that accepts any text.

It parses neither names nor statements, so it also reads Python 2, templates and the syntax of later versions.
"""

from __future__ import annotations

from collections.abc import Iterator

from fi_bump.grammar import LazyPattern, LazyTextPattern
from fi_bump.pins import Source, Span
from fi_bump.records import NamedTuple

# A comment, a string or a bracket. An unclosed string ends with its line, or with the file. Each alternative starts
# with a fixed byte and no group, so that the search can jump to the candidates.
_TOKEN = LazyPattern(
    rb"#[^\n]*"
    rb'|"""(?P<a>(?:[^"\\]++|\\(?:[\s\S]|\Z)|"{1,2}+(?!")|(?!))*+)(?:"""|"{0,2}\Z)'
    rb"|'''(?P<b>(?:[^'\\]++|\\(?:[\s\S]|\Z)|'{1,2}+(?!')|(?!))*+)(?:'''|'{0,2}\Z)"
    rb'|"(?P<c>(?:[^"\\\n]++|\\(?:[\s\S]|\Z)|(?!))*+)(?:"|(?=\n)|\Z)'
    rb"|'(?P<d>(?:[^'\\\n]++|\\(?:[\s\S]|\Z)|(?!))*+)(?:'|(?=\n)|\Z)"
    rb"|\[|\(|\{|\]|\)|\}"
)
_PREFIX = LazyPattern(rb"(?<![A-Za-z0-9_])(?:[bBrRuUfFtT]|[bBfFtTrR][rRbBfFtT])\Z")
_LONGEST_PREFIX = 3
_REST_OF_LINE = LazyPattern(rb"[ \t\f;]*(?:#[^\n]*)?(?=\r?\n|\Z)")
# The name of a value that a mark follows, matched backwards from the value: `name=`, `name: type =`, `"key":`. A key
# that may itself be a pin cannot be part of an anchor, since it changes.
_LABEL = LazyPattern(rb"(?:(\w+)[ \t]*(?::[^=\n]*)?=\s*|[\"']([^\"'\n=@:]{1,100})[\"']\s*[:=]\s*)\Z")
_KEYWORDS = frozenset({"in", "not", "and", "or", "if", "else", "return", "yield", "assert", "is", "lambda", "await"})
# What runs commands and what takes requirements, by the names in a scope; and what a scope of each contains, since most
# contain none of these.
_RUNS = LazyTextPattern(
    r"(?:^|[._])(?:run|system|check_call|check_output|call|Popen|popen|\w*run_commands|shell|execute"
    r"|getoutput|getstatusoutput|create_subprocess_(?:shell|exec)|dockerfile_commands)(?:[._]|$)"
)
_INSTALLS = LazyTextPattern(
    r"(?:^|[._])(?:(?:\w+_)?pip_install|install_requires|extras_require|pip_packages|\w*requirements|dependencies|deps)"
    r"(?:[._]|$)"
)
_OF_RUNS = ("run", "system", "call", "output", "open", "shell", "exec", "commands")
_OF_INSTALLS = ("install", "require", "pip_packages", "dependencies", "deps")
# Before the first argument of a call that searches a text, and after a string that is looked for.
_SEARCHED = LazyPattern(
    rb"(?:\.(?:replace|startswith|endswith|r?find|r?index|count|r?split|r?partition|removeprefix|removesuffix)"
    rb"|\b(?:re|regex)\.\w+|\bassert(?:Not)?In)[ \t]*\(\s*\Z"
)
_MEMBER = LazyPattern(rb"[ \t]+(?:not[ \t]+)?in\b")
_LONGEST_CALL = 60
_REACH = 200
_DEEPEST = 8
_OPENING, _CLOSING = b"[({", b")]}"
_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORD = _LETTERS + b"0123456789_"


class Literal(NamedTuple):
    """A string literal: its span with prefix and quotes, the span between the quotes, the offsets of the open brackets.

    `is_statement` is whether the string is a statement by itself, as a docstring is.
    """

    whole: Span
    body: Span
    is_template: bool
    is_statement: bool
    brackets: tuple[int, ...]


def literals(source: Source) -> Iterator[Literal]:
    """Yield every string literal, in the order of the file."""
    data = source.masked
    brackets: list[int] = []
    last = 0
    # Called for every string of a large file: a record made through its class takes as long as the search for it.
    new = tuple.__new__
    for token in _TOKEN.finditer(data):
        name = token.lastgroup
        start, end = token.span()
        if name is None:
            mark = data[start]
            if mark in _OPENING:
                brackets.append(start)
            elif brackets and mark in _CLOSING:
                brackets.pop()
        else:
            quote = start
            if start and data[start - 1] in _LETTERS:
                start = start_with_prefix(data, start)
            is_template = False
            if start < quote:
                marks = data[start:quote].lower()
                is_template = b"f" in marks or b"t" in marks
            alone = not brackets and _is_alone(data, last, start, end)
            innermost = tuple(brackets[-_DEEPEST:])
            whole, body = new(Span, (start, end)), new(Span, token.span(name))
            yield new(Literal, (whole, body, is_template, alone, innermost))
        last = end


def start_with_prefix(data: bytes, quote: int) -> int:
    """Return where the string begins whose first quote is there: at the letters before it, as in `rb"…"`."""
    prefix = _PREFIX.search(data, max(quote - _LONGEST_PREFIX, 0), quote)
    return prefix.start() if prefix else quote


def _is_alone(data: bytes, last: int, start: int, end: int) -> bool:
    """Whether a string is alone on its lines, apart from a comment; `last` is the end of the token before it."""
    line = data.rfind(b"\n", last, start)
    if (
        (line < 0 and last > 0)
        or data[line + 1 : start].strip()
        or data[max(line - 2, 0) : line].rstrip(b"\r").endswith(b"\\")
    ):
        return False
    return _REST_OF_LINE.match(data, end) is not None


def is_searched(source: Source, literal: Literal) -> bool:
    """Whether a string is looked for in a text: the first argument of str.replace or re.sub, or `"…" in text`."""
    start, end = literal.whole
    called = _SEARCHED.search(source.masked, max(start - _LONGEST_CALL, 0), start)
    return called is not None or _MEMBER.match(source.masked, end) is not None


def scope(source: Source, literal: Literal) -> str:
    """Return the names that lead to a literal, such as `setup.extras_require.vllm`; empty if nothing is named."""
    names = [_label(source.data, offset) for offset in (*literal.brackets, literal.whole.start)]
    return ".".join(name for name in names if name)


def runs(names: str) -> bool:
    """Whether the names that lead to a literal say that it is run as a command."""
    return any(word in names for word in _OF_RUNS) and _RUNS.search(names) is not None


def installs(names: str) -> bool:
    """Whether the names that lead to a literal say that it is a requirement to install."""
    return any(word in names for word in _OF_INSTALLS) and _INSTALLS.search(names) is not None


def _label(data: bytes, offset: int) -> str:
    """Return the call, variable or key that the value at `offset` belongs to, or an empty string."""
    near = data[max(offset - _REACH, 0) : offset]
    before = near.rstrip()
    name = b""
    if before.endswith((b"=", b":")):
        # The pattern is tried at each byte, and most strings have a bracket or a comma before them.
        match = _LABEL.search(near)
        name = match[match.lastindex or 0] if match is not None else b""
    elif not near[len(before) :].strip(b" \t"):
        name = before[len(before.rstrip(_WORD)) :]
    text = name.decode("utf-8", "replace")
    return "" if text in _KEYWORDS else text
