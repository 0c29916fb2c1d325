"""Fixtures: a fleet with an engine, plugins that build on it, and broken checkouts."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.conftest import NEW, OLD, Result, Run, plant

SCHEMA = json.loads(files("fi_bump").joinpath("schemas", "fleet.schema.json").read_bytes())
VALIDATOR = Draft202012Validator(SCHEMA)

BROKEN = b'{\n  "lock-version": 1,\n  "groups": {]\n}\n'


def lock(**groups: tuple[str, list[str]]) -> bytes:
    """Return a lock with groups by name: each has a version, and packages that are pinned in requirements.txt."""
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
    """Return a requirement file."""
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


def text(result: Result) -> str:
    """Return a table without the spaces at the ends of its lines."""
    return "".join(f"{line.rstrip()}\n" for line in result.out.split("\n")[:-1])


def document(run: Run, root: Path, *arguments: str) -> dict[str, Any]:
    """Return the JSON document after validating it against its schema."""
    found: dict[str, Any] = json.loads(run(root, "fleet", *arguments, "--format", "json").out)
    VALIDATOR.validate(found)
    result: dict[str, Any] = found["result"]
    return result


def column(found: dict[str, Any], key: str) -> dict[str, Any]:
    """Return one key of each repository, by the repository's name."""
    return {each["name"]: each[key] for each in found["repositories"]}
