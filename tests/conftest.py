"""Fixtures of the command tests: a small engine repository, and running fi-bump the way a user does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from fi_bump.boundary import here
from fi_bump.terminal.wanted import OutputChoices
from tests.ids import readable

# How long one example takes depends on what else the machine does, so it is not a property of the code.
# `.ci/run` tries the same examples each time, so that its answer does not depend on chance; `make test` tries new ones.
settings.register_profile(
    "fi-bump",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="FI_BUMP_SAME_EXAMPLES" in os.environ,
)
settings.load_profile("fi-bump")

# A test run in the background ignores SIGINT, one under nohup SIGHUP, and everything that it starts would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# The cache of checks has its own tests; elsewhere every check reads every file.
os.environ["FI_BUMP_NO_CACHE"] = "1"

# Git must not change line ends in a test's repository, whatever the user's configuration is.
GIT_SETTINGS = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.autocrlf", "GIT_CONFIG_VALUE_0": "false"}
os.environ.update(GIT_SETTINGS)

OLD, NEW = "0.6.8.post1", "0.6.11.post2"

REQUIREMENTS = (
    b"-r common.txt\n\nnumba == 0.61.2\n"
    b"# in step with the image\n"
    b"flashinfer-python==0.6.8.post1  # kernels\nflashinfer-cubin==0.6.8.post1\n"
)
DOCKERFILE = (
    b"ARG CUDA_VERSION=13.0.2\nFROM base-${CUDA_VERSION} AS build\n"
    b"ARG FLASHINFER_VERSION=0.6.8.post1\n"
    b"RUN pip install flashinfer-jit-cache==${FLASHINFER_VERSION} \\\n"
    b"    --extra-index-url https://example.invalid/whl/cu$(echo $CUDA_VERSION | cut -d. -f1,2)\n"
)
NIGHTLY = (
    b"FROM base\r\nRUN git clone --recursive --branch v0.6.8.post1 \\\r\n"
    b"    https://github.com/flashinfer-ai/flashinfer.git \\\r\n    && cd flashinfer && pip wheel .\r\n"
)
VERSIONS = (
    b'{\n  "variable": {\n    "CUDA_VERSION": {"default": "13.0.2"},\n'
    b'    "FLASHINFER_VERSION": {\n      "default": "0.6.8.post1"\n    }\n  }\n}'
)
TREE = {
    "requirements/cuda.txt": REQUIREMENTS,
    "docker/Dockerfile": DOCKERFILE,
    "docker/Dockerfile.nightly": NIGHTLY,
    "docker/versions.json": VERSIONS,
}
LOCK = b"""{
  "lock-version": 1,
  "groups": {
    "flashinfer": {
      "version": "0.6.8.post1",
      "packages": {
        "flashinfer-cubin": {},
        "flashinfer-jit-cache": {},
        "flashinfer-python": {}
      },
      "variables": [
        "FLASHINFER_COMMIT",
        "FLASHINFER_CUBIN_VERSION",
        "FLASHINFER_GIT_REF",
        "FLASHINFER_GIT_TAG",
        "FLASHINFER_JIT_CACHE_VERSION",
        "FLASHINFER_PYTHON_VERSION",
        "FLASHINFER_REF",
        "FLASHINFER_RELEASE",
        "FLASHINFER_TAG",
        "FLASHINFER_VER",
        "FLASHINFER_VERSION",
        "FLASHINF_REF",
        "FLASHINF_VERSION"
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
    }
  }
}
"""

# What every command that goes online says about the package that docker/Dockerfile installs.
UNKNOWN = (
    "docker/Dockerfile:4 installs flashinfer-jit-cache from https://example.invalid/whl/cu$(echo $CUDA_VERSION | cut -d. "
    "-f1,2), which fi-bump cannot ask, so its releases were not checked; to check them, name its index: fi-bump member "
    "set flashinfer-jit-cache --index URL"
)

Snapshot = dict[str, tuple[bytes, int]]


class Result(NamedTuple):
    """The output of a run, and its exit code."""

    code: int
    out: str
    err: str


def plant(root: Path, tree: dict[str, bytes]) -> None:
    """Write the files of a tree."""
    for name, data in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def snapshot(root: Path) -> Snapshot:
    """Return every file's bytes and mode: two equal snapshots mean that nothing was changed or left."""
    return {
        str(path.relative_to(root)): (path.read_bytes() if path.is_file() else b"", path.lstat().st_mode)
        for path in sorted(root.rglob("*"))
        if ".git" not in path.parts and not path.is_dir()
    }


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """Return a repository in step at 0.6.8.post1, laid out like an inference engine."""
    root = tmp_path / "engine"
    plant(root, {**TREE, "versions.lock.json": LOCK})
    return root


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Return the same repository before `init`."""
    root = tmp_path / "bare"
    plant(root, TREE)
    return root


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str:
    """Name each row of a table of tests by its values, also those for which pytest would write `data41`."""
    return readable(val)


Run = Callable[..., Result]
_OUTER_SUMMARY = os.environ.get("GITHUB_STEP_SUMMARY")


@pytest.fixture(autouse=True)
def _in_the_folder_of_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command in a subfolder leaves its place in the process, which serves one command line; the next test is not there."""
    monkeypatch.setattr(here, "_prefix", "")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run fi-bump's entry point in this process: `run(root, "set", "0.7.0")`."""
    from fi_bump.__main__ import main

    def call(root: Path, *arguments: str, offline: bool = True) -> Result:
        monkeypatch.setenv("FI_BUMP_OFFLINE", "1" if offline else "0")
        if os.environ.get("GITHUB_STEP_SUMMARY") == _OUTER_SUMMARY:  # that of the job which runs the tests
            monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
        monkeypatch.setattr(sys, "argv", ["fi-bump", "-C", str(root), *arguments])
        # A process has one command line.
        monkeypatch.setattr(OutputChoices, "document_of", None)
        monkeypatch.setattr(OutputChoices, "documented", False)
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main()
        captured = capfdbinary.readouterr()
        code = exit_.value.code
        return Result(0 if code is None else int(code), captured.out.decode(), captured.err.decode())

    return call


def spawn(root: Path, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    """Run fi-bump as its own process."""
    return subprocess.Popen(
        [sys.executable, "-m", "fi_bump", "-C", str(root), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "FI_BUMP_OFFLINE": "1", **environment},
    )
