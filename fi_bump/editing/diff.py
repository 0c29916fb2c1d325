"""Write the change of a file as a unified diff, in bytes that `git apply` accepts."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from fi_bump.editing.contents import split_lines

_ESCAPES = {0x07: "a", 0x08: "b", 0x09: "t", 0x0A: "n", 0x0B: "v", 0x0C: "f", 0x0D: "r", 0x22: '"', 0x5C: "\\"}


def unified(path: str, old: bytes, new: bytes | None) -> bytes:
    """Return the diff of one file with git's header, quoting and end-of-file mark; empty if nothing differs.

    `new` is None for a file that is removed.
    """
    if old == new:
        return b""
    before, after = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    header = b"diff --git %s %s\n" % (before, after)
    if new is None:
        header += b"deleted file mode 100644\n"
    # git writes a tab after a name that contains a space, to mark where the name ends.
    tab = b"\t" if b" " in before else b""
    after = b"/dev/null" if new is None else after + tab
    lines: Iterable[bytes] = difflib.diff_bytes(
        difflib.unified_diff, split_lines(old), split_lines(new or b""), before + tab, after, lineterm=b"\n"
    )
    body = [line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n" for line in lines]
    return header + b"".join(body)


def _quoted(name: str) -> bytes:
    """Return a name as git's core.quotePath writes it.

    A name with a control character, a quote, a backslash or a byte above 0x7f is put in C quotes.
    """
    data = name.encode("utf-8", "surrogateescape")
    if name.isascii() and name.isprintable() and data.find(b'"') < 0 and data.find(b"\\") < 0:
        return data
    return b'"%s"' % b"".join(_escaped(byte) for byte in data)


def _escaped(byte: int) -> bytes:
    if byte in _ESCAPES:
        return b"\\" + _ESCAPES[byte].encode()
    return bytes([byte]) if 0x20 <= byte < 0x7F else b"\\%03o" % byte
