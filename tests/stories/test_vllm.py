"""The main job on vLLM itself: its source distributions hold the whole repository.

The oracle here shares nothing with fi-bump: whole files are compared with what the next release published, and with
the old bytes after a plain replacement of the version text.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import Run, snapshot
from tests.sdists import unpacked

pytestmark = pytest.mark.network

SITES = {
    "docker/Dockerfile#ARG FLASHINFER_VERSION",
    "docker/Dockerfile.nightly_torch#git clone github.com/flashinfer-ai/flashinfer",
    "docker/versions.json#variable.FLASHINFER_VERSION.default",
    "requirements/cuda.txt#flashinfer-cubin",
    "requirements/cuda.txt#flashinfer-python",
}
FILES = sorted({site.partition("#")[0] for site in SITES})
BUMPS = [
    ("0.21.0", "0.6.8.post1", "0.22.0", "0.6.11.post2"),
    ("0.19.1", "0.6.6", "0.20.2", "0.6.8.post1"),
    ("0.22.0", "0.6.11.post2", "0.23.0", "0.6.12"),
]


def copy(version: str, folder: Path) -> Path:
    root = folder / f"vllm-{version}"
    shutil.copytree(unpacked("vllm", version), root, symlinks=True)
    return root


def flashinfer_lines(data: bytes) -> list[bytes]:
    """The lines of a file that hold a version of FlashInfer, found by hand for these five places."""
    lines = data.split(b"\n")
    kept = []
    for number, line in enumerate(lines):
        pinned = re.search(
            rb"flashinfer[-_](?:python|cubin)==\d|FLASHINFER_VERSION=\d|--branch v[^ ]+ .*flashinfer", line
        )
        variable = b'"FLASHINFER_VERSION"'
        if pinned or variable in line or (number and variable in lines[number - 1]):
            kept.append(line)
    return kept


def pieces(before: bytes, after: bytes, old: bytes, new: bytes) -> int:
    """How often `old` became `new`; fails unless every other byte is the same."""
    parts = before.split(old)
    position = moved = 0
    for number, part in enumerate(parts):
        assert after[position : position + len(part)] == part
        position += len(part)
        if number + 1 < len(parts):
            replaced = after.startswith(new, position) and not after.startswith(old, position)
            text = new if replaced else old
            assert after.startswith(text, position)
            position += len(text)
            moved += replaced
    assert position == len(after)
    return moved


@pytest.mark.parametrize(("release", "old", "next_release", "new"), BUMPS)
def test_bump_as_the_next_release_did(
    tmp_path: Path, run: Run, release: str, old: str, next_release: str, new: str
) -> None:
    root = copy(release, tmp_path)
    assert run(root, "init").code == 0
    lock = (root / "versions.lock.json").read_bytes()
    recorded = set(re.findall(rb'"([^"#]+#[^"]+)"', lock))
    assert recorded == {site.encode() for site in SITES}
    assert run(root, "check") == (0, f"flashinfer {old}: 5 pins in 4 files, in step\n", "")
    before = snapshot(root)

    assert run(root, "set", new).code == 0
    after = snapshot(root)
    changed = {name for name in before if before[name] != after[name]}
    assert before.keys() == after.keys()
    assert changed == {*FILES, "versions.lock.json"}
    published = unpacked("vllm", next_release)
    moved = 0
    for name in FILES:
        assert before[name][1] == after[name][1]
        moved += pieces(before[name][0], after[name][0], old.encode(), new.encode())
        assert flashinfer_lines(after[name][0])
        assert flashinfer_lines(after[name][0]) == flashinfer_lines((published / name).read_bytes())
    assert moved == len(SITES)
    assert run(root, "check").code == 0

    assert run(root, "set", old).code == 0
    assert snapshot(root) == before


def test_drift_at_each_site_is_found_and_fixed(tmp_path: Path, run: Run) -> None:
    root = copy("0.21.0", tmp_path)
    assert run(root, "init").code == 0
    places = []
    for name in FILES:
        data = (root / name).read_bytes()
        for match in re.finditer(rb"0\.6\.8\.post1", data):
            context = data[max(0, match.start() - 60) : match.start()].lower()
            if b"flashinfer" in context or b"--branch v" in context:
                line = data.count(b"\n", 0, match.start()) + 1
                column = match.start() - data.rfind(b"\n", 0, match.start())
                places.append((name, match.start(), f"{name}:{line}:{column}:"))
    assert len(places) == len(SITES)
    for name, offset, place in places:
        path = root / name
        data = path.read_bytes()
        path.write_bytes(data[:offset] + b"0.6.6" + data[offset + len(b"0.6.8.post1") :])
        found = run(root, "check")
        assert found.code == 1
        assert next(line for line in found.out.splitlines() if line.endswith("[drift]")).startswith(place)
        assert run(root, "check", "--fix").code == 0
        assert path.read_bytes() == data
