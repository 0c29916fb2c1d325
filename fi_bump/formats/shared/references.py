"""References to variables in place of a version: `kit==$X`, `v${X}`, `${{ env.X }}`, `{{ x }}`."""

from __future__ import annotations

import re

from fi_bump.grammar import LazyPattern, canonical_name

# One reference, alone but for a `v` or a tag's folder before it and a local label after it.
_REFERENCE = LazyPattern(
    rb"(?:(?:refs/)?tags/)?v?(?:\$(?P<plain>[A-Za-z_]\w*)|\$\{(?P<braced>[A-Za-z_]\w*)(?:[#%]{1,2}[^{}]*)?\}"
    rb"|\$?\{\{[ \t]*(?:\.|(?:\w+\.)*)(?P<key>[A-Za-z_][\w-]*)[ \t]*\}\}|\$\((?P<make>[A-Za-z_]\w*)\))"
    rb"(?:\+[\w.${}-]*)?\Z"
)
_ANY = LazyPattern(rb"\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*(?:[#%]{1,2}[^{}]*)?\}|\$\([A-Za-z_]\w*\)|\$?\{\{[^{}]*\}\}")
_SHARED = (
    rb"(?<![\w.-])(?P<name>[A-Za-z][\w.-]*)(?:\\?\[[^\]\n]*\])?[ \t]*===?[ \t]*[\"']?v?\$?[{(]{0,2}[ \t]*"
    rb"(?:\.|(?:\w+\.)*)"
)


def referred(value: bytes) -> str | None:
    """Return the name of the variable whose value a version is, or None for any other text."""
    match = _REFERENCE.match(value)
    name = next((each for each in match.groups() if each), None) if match else None
    return name.decode("ascii").replace("-", "_") if name else None


def referred_in(address: bytes) -> tuple[str, bytes] | None:
    """Return the only variable that a URL or file name refers to, and the text with the version 1.0 in its place."""
    names = {referred(match[0]) for match in _ANY.finditer(address)}
    name = names.pop() if len(names) == 1 else None
    return (name, _ANY.sub(b"1.0", address)) if name else None


def foreign_users(data: bytes, name: str, packages: frozenset[str]) -> list[str]:
    """Return the other packages whose requirements take their version from the variable too."""
    pattern = _SHARED + re.escape(name.encode("ascii")) + rb"(?!\w)"
    found = {canonical_name(match["name"].decode("ascii")) for match in re.finditer(pattern, data)}
    return sorted(found - packages)
