"""Fixtures: a committed engine's repository, a local index whose releases have dates, and fi-bump run against it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import LOCK, NEW, OLD, TREE, plant
from tests.index.server import Index, Package, running, wheel

RELEASES = {
    "0.6.7": "2026-03-02",
    OLD: "2026-04-01",
    "0.6.9rc1": "2026-04-10",
    "0.6.9": "2026-04-16",
    "0.6.10": "2026-05-04",
    NEW: "2026-05-20",
    "0.6.13": "2026-07-01",
}
# The old version in prose, with characters that Markdown and HTML treat specially, and an exact gate.
DOCS = f"# Install\n\n| `pip install flashinfer-python=={OLD}` | <b>@octocat</b> #12 |\n".encode()
GATE = f'import flashinfer\n\nif flashinfer.__version__ == "{OLD}":\n    pass\n'.encode()


# What `set` moves in the repository of tests/conftest.py.
MOVES = f"""\
### What moves

| place | pin | from | to |
| --- | --- | --- | --- |
| `docker/Dockerfile:3` | `FLASHINFER_VERSION` | {OLD} | {NEW} |
| `docker/Dockerfile.nightly:2` | `github.com/flashinfer-ai/flashinfer` | {OLD} | {NEW} |
| `docker/versions.json:5` | `FLASHINFER_VERSION` | {OLD} | {NEW} |
| `requirements/cuda.txt:5` | `flashinfer-python` | {OLD} | {NEW} |
| `requirements/cuda.txt:6` | `flashinfer-cubin` | {OLD} | {NEW} |
"""


@pytest.fixture(autouse=True)
def plain_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run git without the user's configuration, and with a committer's name."""
    (tmp_path / "gitconfig").write_text("[user]\nname = t\nemail = t@example.invalid\n[init]\ndefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def git(root: Path, *arguments: str) -> str:
    """Return what git prints."""
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def committed(tmp_path: Path) -> Path:
    """The engine's repository with one commit, and with a document and an exact gate of the old version."""
    root = tmp_path / "engine"
    plant(root, {**TREE, "versions.lock.json": LOCK, "docs/a|b.md": DOCS, "src/gate.py": GATE})
    git(tmp_path, "init", "--quiet", str(root))
    git(root, "add", "-A")
    git(root, "commit", "--quiet", "-m", "tree")
    return root


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with the same releases of both packages, each with another date, one of them yanked."""
    with running() as started:
        for name in ("flashinfer-python", "flashinfer-cubin"):
            needs = ("numba>=0.62",) if name == "flashinfer-python" else ()
            package = Package(name, {each: wheel(name, each, *(needs if each == NEW else ())) for each in RELEASES})
            for version, day in RELEASES.items():
                file = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
                package.extra[file] = {"upload-time": f"{day}T10:00:00.000000Z"}
                if version == "0.6.10" and name == "flashinfer-cubin":
                    package.extra[file]["yanked"] = "wrong | <b>results</b>"
            package.serve(started)
        Package("numba", {each: wheel("numba", each) for each in ("0.61.2", "0.62.0")}).serve(started)
        yield started


def section(body: str, title: str) -> list[str]:
    """Return the lines below a heading."""
    return body.partition(f"### {title}\n\n")[2].partition("\n### ")[0].rstrip("\n").split("\n")
