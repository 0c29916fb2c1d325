"""The bytes of a file, as its lines and as a digest."""

from __future__ import annotations

from typing import overload


def split_lines(data: bytes) -> list[bytes]:
    """Split into lines, keeping the line ends. Only a line feed ends a line, as in git."""
    pieces = [piece + b"\n" for piece in data.split(b"\n")]
    last = pieces.pop()[:-1]
    return [*pieces, last] if last else pieces


@overload
def digest(data: bytes) -> str: ...
@overload
def digest(data: bytes | None) -> str | None: ...
def digest(data: bytes | None) -> str | None:
    """Return the SHA-256 of a file's bytes; None for a file that is not there."""
    import hashlib  # OpenSSL is loaded with it, which a diff does not need.

    return None if data is None else hashlib.sha256(data).hexdigest()
