"""Source distributions of other projects, from the index that pip is configured for.

They are stored outside the repository, in $FI_BUMP_TEST_CACHE or ~/.cache/fi-bump-tests.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import ssl
import subprocess
import sys
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from urllib.request import Request, urlopen

ASK_PIP = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"


def folder() -> Path:
    """Return the folder that contains them."""
    path = Path(os.environ.get("FI_BUMP_TEST_CACHE") or Path.home() / ".cache" / "fi-bump-tests")
    path.mkdir(parents=True, exist_ok=True)
    return path


def unpacked(project: str, version: str) -> Path:
    """Return the folder of a release's unpacked source distribution. Callers copy it before they change anything."""
    name = f"{project.replace('-', '_')}-{version}"
    root = folder() / name
    if not root.is_dir():
        with tempfile.TemporaryDirectory(dir=folder()) as scratch:
            with tarfile.open(fileobj=io.BytesIO(_download(project, f"{name}.tar.gz"))) as archive:
                archive.extractall(scratch, filter="data")
            try:
                (Path(scratch) / name).rename(root)
            except OSError:
                if not root.is_dir():  # another process may have been first
                    raise
    return root


def _download(project: str, name: str) -> bytes:
    base, files = _files(project)
    file = next(each for each in files if each["filename"] == name)
    data = _get(urljoin(base, file["url"]))
    if hashlib.sha256(data).hexdigest() != file["hashes"]["sha256"]:
        raise OSError(f"{name} does not have the hash that the index gives")
    return data


@cache
def _files(project: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the project page's URL and its files (PEP 691)."""
    page = f"{_index().rstrip('/')}/{project}/"
    files: list[dict[str, Any]] = json.loads(_get(page, "application/vnd.pypi.simple.v1+json"))["files"]
    return page, files


def _index() -> str:
    """Return the configured index, else pip's own default, asked from pip."""
    for variable in ("UV_INDEX_URL", "PIP_INDEX_URL"):
        if value := os.environ.get(variable):
            return value
    config = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    asked = subprocess.run(config, capture_output=True, text=True)
    if asked.returncode == 0 and asked.stdout.strip():
        return asked.stdout.strip()
    return subprocess.run([sys.executable, "-c", ASK_PIP], capture_output=True, text=True, check=True).stdout.strip()


def _get(url: str, accept: str = "*/*") -> bytes:
    context = ssl.create_default_context(cafile=os.environ.get("PIP_CERT") or None)
    with urlopen(Request(url, headers={"Accept": accept}), timeout=60, context=context) as response:
        data: bytes = response.read()
        return data
