"""Golden files: whole outputs that tests compare with. `make goldens` writes them again, for a person to review."""

from __future__ import annotations

import os
from pathlib import Path

WRITE = "FI_BUMP_WRITE_GOLDENS"


def rewriting() -> bool:
    """Return whether this run writes golden files instead of comparing them."""
    return bool(os.environ.get(WRITE))


def golden(path: Path, made: bytes) -> bytes:
    """Return the bytes of a golden file; if goldens are being rewritten, `made` becomes its content first."""
    if rewriting():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made)
    return path.read_bytes()
