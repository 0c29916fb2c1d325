"""Real repositories to test on: vLLM's source distributions."""

from __future__ import annotations

from pathlib import Path

from tests.sdists import unpacked


def tree(version: str) -> Path:
    """The unpacked source distribution of a vLLM release. Callers copy it before they change anything."""
    return unpacked("vllm", version)
