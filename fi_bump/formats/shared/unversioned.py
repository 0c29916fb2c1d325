"""Wanted packages that an install command names without a version: `pip install -U flashinfer-cubin`, `pip download`.

The newest release is installed then, beside pins that stay.
"""

from __future__ import annotations

from collections.abc import Iterator

from fi_bump.grammar import LazyPattern, canonical_name, has_any
from fi_bump.pins import Wanted

_INSTALL = LazyPattern(
    rb"(?<![\w./-])(?:pip[0-9.]*|pipx|uv|poetry|pdm|(?P<conda>conda|mamba|micromamba)|pixi)[\"', \t]+"
    rb"(?:pip[\"', \t]+)?(?:install|add|inject|download|wheel)(?![\w-])(?P<words>[^;&|\n()`]*)"
)
# Whatever `_INSTALL` matches contains one of these.
COMMANDS = (b"install", b"add", b"inject", b"download", b"wheel")
_WORD = LazyPattern(rb"[^\s\"',\[\]\\]+(?:\\?\[[^\s\"'\[\]]*\])?")
_NAME = LazyPattern(rb"(?P<name>[A-Za-z][\w.-]*)(?P<reference>\$\{?\w+\}?)?(?:\\?\[[^\]]*\])?\Z")
# Options whose value is the name of a package that is not installed by it, or a file.
_WITH_VALUE = frozenset(
    b"-r --requirement -c --constraint -e --editable -f --find-links -i --index-url --extra-index-url --index "
    b"--no-binary --only-binary --no-build-isolation-package --upgrade-package -P --reinstall-package "
    b"--no-sources-package --no-build-package --target -t --prefix --python -p -n --name -c --channel --group --extra "
    b"--with -d --dest -w --wheel-dir --platform --abi --implementation --python-version".split()
)


def unversioned(data: bytes, wanted: Wanted) -> Iterator[tuple[int, int, str]]:
    """Yield the place of each wanted package without a version in the install commands of a text, and its name.

    `nixl-cu${CUDA}` counts as the first wanted package that begins like it.
    """
    for command in _INSTALL.finditer(data) if has_any(data, COMMANDS) else ():
        skip = False
        for word in _WORD.finditer(data, *command.span("words")):
            text = word[0]
            if skip or text.startswith(b"-"):
                skip = not skip and text in _WITH_VALUE
                continue
            # `kit @ URL` and `kit == V` have a version.
            after = data[word.end() : command.end("words")].lstrip(b" \t\"'\\")
            name = _NAME.match(text)
            if name is None or after[:1] in (b"=", b"<", b">", b"~", b"!", b"@", b"$"):
                continue
            if command["conda"] and after[:1].isdigit():  # `"kit V"`
                continue
            package = _package(name["name"].decode("ascii"), wanted, is_start=name["reference"] is not None)
            if package is not None:
                yield word.start(), word.end(), package


def _package(name: str, wanted: Wanted, *, is_start: bool) -> str | None:
    canonical = canonical_name(name)
    if not is_start:
        return canonical if canonical in wanted.packages else None
    longer = sorted(each for each in wanted.packages if each.startswith(canonical) and each != canonical)
    return longer[0] if longer and "-" in canonical else None
