"""A fleet: an engine, plugins that build on it, and checkouts that something is wrong with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import NEW, OLD, plant

BROKEN = b'{\n  "lock-version": 1,\n  "groups": {]\n}\n'


def lock(**groups: tuple[str, list[str]]) -> bytes:
    """A lock of groups by name: a version, and the packages, pinned in requirements.txt."""
    document = {
        name: {
            "version": version,
            "packages": {package: {} for package in packages},
            "sites": [f"requirements.txt#{package}" for package in packages],
        }
        for name, (version, packages) in groups.items()
    }
    return json.dumps({"lock-version": 1, "groups": document}).encode()


def pinned(**packages: str) -> bytes:
    """A requirement file."""
    return "".join(f"{name.replace('_', '-')}=={version}\n" for name, version in packages.items()).encode()


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A folder of checkouts."""
    root = tmp_path / "work"
    kit = ["flashinfer-cubin", "flashinfer-python"]
    checkouts = {
        "engine": (
            lock(flashinfer=(NEW, kit), torch=("2.9.0", ["torch"])),
            pinned(flashinfer_cubin=NEW, flashinfer_python=NEW, torch="2.9.0"),
        ),
        "plugin": (
            lock(flashinfer=(OLD, kit)),
            pinned(flashinfer_cubin="0.6.6", flashinfer_python=OLD),
        ),
        "kernels": (
            lock(attention=(OLD, ["flashinfer-python"]), kit=("1.0", ["kit"])),
            pinned(flashinfer_python=OLD, kit="1.0"),
        ),
        "ahead": (lock(torch=("2.10.0", ["torch"])), pinned(torch="2.10.0")),
    }
    for name, (text, requirements) in checkouts.items():
        plant(root / name, {"versions.lock.json": text, "requirements.txt": requirements})
    plant(root / "broken", {"versions.lock.json": BROKEN})
    plant(root / "docs", {"README.md": b"x"})
    return root


ALL = ("engine", "plugin", "kernels", "ahead", "broken", "docs")
