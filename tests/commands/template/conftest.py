"""Fixtures: a repository with two groups, of which the probes test one, and what an installer recorded of fi-bump."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

import fi_bump
from tests.conftest import TREE, plant

LOCK = b"""{
  "lock-version": 1,
  "groups": {
    "flashinfer": {
      "version": "0.6.8.post1",
      "packages": {
        "flashinfer-cubin": {},
        "flashinfer-jit-cache": {
          "index": [
            "https://wheels.example.invalid/whl/cu130",
            "https://mirror.example.invalid/cu130"
          ],
          "label": "cu130",
          "files": {
            "flashinfer_jit_cache-0.6.8.post1+cu130-cp39-abi3-manylinux_2_28_x86_64.whl": "sha256:0000000000000000000000000000000000000000000000000000000000000000"
          }
        },
        "flashinfer-python": {}
      },
      "variables": [
        "FLASHINFER_VERSION"
      ],
      "repositories": [
        "github.com/flashinfer-ai/flashinfer"
      ],
      "sites": [
        "docker/Dockerfile#ARG FLASHINFER_VERSION",
        "docker/Dockerfile.nightly#git clone github.com/flashinfer-ai/flashinfer",
        "docker/versions.json#variable.FLASHINFER_VERSION.default",
        "requirements/cuda.txt#flashinfer-cubin",
        "requirements/cuda.txt#flashinfer-python"
      ]
    },
    "kit": {
      "version": "1.2",
      "packages": {
        "kit": {},
        "kit-extra": {}
      },
      "sites": [
        "requirements/kit.txt#kit"
      ]
    }
  }
}
"""
TWO = {**TREE, "requirements/kit.txt": b"kit==1.2\n", "versions.lock.json": LOCK}
COMMIT = "0123456789abcdef0123456789abcdef01234567"
RECORD = {"url": "https://git.example/tools/fi-bump", "vcs_info": {"vcs": "git", "commit_id": COMMIT}}

Install = Callable[[str | None, str], None]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that makes this copy one that an installer put there with this record, or with none."""

    def install(record: str | None, name: str) -> None:
        site = tmp_path / "site-packages"
        plant(site, {"fi_bump-1.2.3.dist-info/METADATA": b"Metadata-Version: 2.1\nName: fi-bump\nVersion: 1.2.3\n"})
        if not (site / "fi_bump").exists():
            (site / "fi_bump").symlink_to(Path(fi_bump.__file__).parent)
        if record is not None:
            plant(site, {f"fi_bump-1.2.3.dist-info/{name}": record.encode()})
        distribution = metadata.Distribution.at(site / "fi_bump-1.2.3.dist-info")
        monkeypatch.setattr("fi_bump.template.origin.metadata.distribution", lambda name: distribution)

    return install


@pytest.fixture(autouse=True)
def _from_a_commit(installed: Install) -> None:
    """This copy of fi-bump is from a commit of a git repository."""
    installed(json.dumps(RECORD), "direct_url.json")


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A repository in step with the groups flashinfer and kit."""
    root = tmp_path / "two"
    plant(root, TWO)
    return root
