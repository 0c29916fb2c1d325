"""Tests with the real index that this machine is configured for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.version import Version

from fi_bump.index import configuration
from fi_bump.index.cache import Cache
from fi_bump.index.client import Client, newest, wheel_for_metadata
from fi_bump.index.http import Http
from tests.conftest import Result, Run
from tests.sdists import unpacked

pytestmark = pytest.mark.network
OLD, NEW = "0.6.8.post1", "0.6.11.post2"

Ask = Callable[..., Result]


@pytest.fixture
def ask(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run a command that asks the configured index."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    return lambda root, *arguments: run(root, *arguments, offline=False)


@pytest.fixture
def vllm(tmp_path: Path, run: Run) -> Callable[[str], Path]:
    """Return a copy of a vLLM release with a lock."""

    def make(version: str) -> Path:
        root = tmp_path / version
        shutil.copytree(unpacked("vllm", version), root, symlinks=True)
        assert run(root, "init").code == 0
        return root

    return make


def test_the_releases_of_flashinfer() -> None:
    client = Client(Http(Cache(None)))
    indexes = configuration.find().urls
    cubin = client.project("flashinfer-cubin", indexes)
    assert newest(cubin.versions()) == Version("0.6.13")
    python = client.project("flashinfer-python", indexes)
    wheel = wheel_for_metadata(python.of(Version(NEW)))
    assert wheel is not None
    assert wheel.size is not None
    before = client.http.received
    requires = {str(each) for each in client.metadata(wheel).requires}
    assert {"nvidia-cutlass-dsl>=4.5.0", "apache-tvm-ffi!=0.1.8,!=0.1.8.post0,<0.2,>=0.1.6"} <= requires
    assert client.http.received - before < wheel.size / 10


def test_vllm_0_21_0(vllm: Callable[[str], Path], ask: Ask) -> None:
    root = vllm("0.21.0")
    groups = json.loads(ask(root, "latest", "--format", "json").out)["result"]["groups"]
    newest_of = {member["name"]: member["newest"] for member in groups[0]["members"]}
    assert (groups[0]["newest"], newest_of["flashinfer-cubin"]) == ("0.6.13", "0.6.13")
    assert Version(newest_of["flashinfer-python"]) > Version("0.6.13")
    refused = ask(root, "set", "0.6.14")
    assert refused.code == 1
    assert refused.out.startswith("flashinfer-cubin 0.6.14 is not on ")
    assert refused.out.endswith("run fi-bump set 0.6.13, the newest version that every member has\n")
    result = ask(root, "audit", NEW)
    assert result.code == 1
    conflict, remedy, summary = [line for line in result.out.splitlines() if "has a known fault" not in line]
    assert conflict == (
        f"requirements/cuda.txt:24: nvidia-cutlass-dsl==4.4.2 conflicts with flashinfer-python {NEW}, "
        "which needs nvidia-cutlass-dsl>=4.5.0 [conflict]"
    )
    assert summary == f"flashinfer {NEW}: 1 conflict"
    command = remedy.removeprefix("help: run fi-bump ").split()
    assert command[:2] == ["set", f"flashinfer=={NEW}"]
    assert command[2].startswith("nvidia-cutlass-dsl==4.5.")
    assert ask(root, *command).code == 0
    resolved = ask(root, "audit", "--resolve")
    assert resolved.code == 0
    assert "requirements/cuda.txt: uv resolves it for Python 3.12\n" in resolved.out
    assert ask(root, "check", "--online").code == 0


def test_uv_sees_the_conflict_too(vllm: Callable[[str], Path], ask: Ask) -> None:
    result = ask(vllm("0.21.0"), "audit", NEW, "--resolve")
    assert result.code == 1
    assert "requirements/cuda.txt: uv cannot resolve it for Python 3.12\n" in result.out
    assert "nvidia-cutlass-dsl>=4.5.0" in result.out.partition("uv cannot resolve")[2]


def test_vllm_0_22_0_has_no_conflict(vllm: Callable[[str], Path], ask: Ask) -> None:
    result = ask(vllm("0.22.0"), "audit")
    assert (result.code, result.out.splitlines()[-1]) == (0, f"flashinfer {NEW}: no conflicts")
