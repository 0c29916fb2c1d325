"""The newest vLLM trees with package indexes: a release that only one member has, and an index that a file names."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run, snapshot
from tests.index.server import Package, running, wheel
from tests.stories.test_vllm import copy

pytestmark = pytest.mark.network

IDLE = "note: nothing here installs flashinfer-cubin or flashinfer-jit-cache, so no index was asked about them\n"


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))


def test_a_tree_that_installs_one_member_alone(tmp_path: Path, run: Run) -> None:
    root = copy("0.33.0", tmp_path)
    assert run(root, "init").code == 0
    before = snapshot(root)
    assert run(root, "check", "--online", offline=False).code == 0
    moved = run(root, "set", "0.7.1", offline=False)
    assert moved.code == 0
    assert "requirements/cuda.txt:13:20: flashinfer-python 0.7.2.post1 -> 0.7.1\n" in moved.out
    assert IDLE in moved.out
    assert "flashinfer-python 0.7.2.post1 -> 0.7.1: " in moved.out  # how the code fits the release
    assert run(root, "set", "0.7.2.post1", offline=False).code == 0
    after = snapshot(root)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"versions.lock.json"}  # which has the files of the release now
    group = json.loads(run(root, "latest", "--format", "json", offline=False).out)["result"]["groups"][0]
    assert [member["name"] for member in group["members"]] == ["flashinfer-python"]
    assert group["newest"] >= "0.7.2.post1"
    assert group["notAsked"] == ["flashinfer-cubin", "flashinfer-jit-cache"]
    text = run(root, "latest", offline=False).out
    assert "up to date: 0.7.2.post1 is the newest version" in text or group["behind"]


def test_an_index_above_the_pins_has_what_the_default_one_lacks(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """vLLM 0.27.0 as it is, but for the address above its pins: set finds what `pip download` finds."""
    root = copy("0.27.0", tmp_path)
    with running() as index:
        for name, versions in (
            ("flashinfer-python", ["0.6.16.post3", "0.6.17"]),
            ("flashinfer-cubin", ["0.6.13"]),
        ):
            Package(name, {each: wheel(name, each) for each in versions}).serve(index)
        Package(
            "flashinfer-cubin", {each: wheel("flashinfer-cubin", each) for each in ("0.6.16.post3", "0.6.17")}
        ).serve(index, "/whl")
        path = root / "requirements/cuda.txt"
        path.write_text(path.read_text().replace("https://flashinfer.ai/whl/", f"{index.url}/whl/simple"))
        monkeypatch.setenv("PIP_INDEX_URL", f"{index.url}/simple")
        monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
        assert run(root, "init").code == 0
        lock = (root / "versions.lock.json").read_bytes()
        assert json.loads(lock)["groups"]["flashinfer"]["packages"]["flashinfer-cubin"] == {
            "index": ["default", f"{index.url}/whl/simple"]
        }
        found = subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "index",
                "versions",
                "flashinfer-cubin",
                "--index-url",
                f"{index.url}/simple",
                "--extra-index-url",
                f"{index.url}/whl/simple",
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()[0]
        assert found == "flashinfer-cubin (0.6.17)"
        assert run(root, "set", "0.6.17", "--dry-run", offline=False).code == 0
        refused = run(root, "set", "0.6.18", offline=False)
        assert refused.code == 1
        assert (
            f"flashinfer-cubin 0.6.18 is not on {index.url}/simple, where the nearest is 0.6.13, and not on "
            f"{index.url}/whl/simple, where the nearest is 0.6.17\n"
        ) in refused.out
        assert "help: run fi-bump set 0.6.17, the newest version that every member has\n" in refused.out
