"""Fixtures: a repository with two groups, of which the probes test one, and a fixed version of fi-bump."""

from __future__ import annotations

from pathlib import Path

import pytest

from fi_bump.template import values
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
RELEASE = "1.2.3"


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in step with the groups flashinfer and kit."""
    monkeypatch.setattr(values, "__version__", RELEASE)
    root = tmp_path / "two"
    plant(root, TWO)
    return root
