"""Real repositories of several projects and ages: found, set, checked, and back to identical bytes.

The oracle shares nothing with fi-bump: a set may only put the new version's text where a version's text stood.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import Run, snapshot
from tests.forms.test_help import helps
from tests.forms.test_laws import old_lines, silent, twice
from tests.sdists import unpacked

pytestmark = pytest.mark.network

LOCK = "versions.lock.json"
# The proposed commands of one tree that are run.
MOST_ADVICE = 4


class Case(NamedTuple):
    """A release of a project, the family to look for, and what must be found: sites with their versions, and notes."""

    project: str
    release: str
    family: str
    sites: dict[str, str]
    notes: tuple[str, ...] = ()


CONSTANT = "an exact constant: comparisons with it change when the version moves"
CASES = [
    Case(
        "vllm",
        "0.9.2",
        "flashinfer",
        {
            "docker/Dockerfile#ARG FLASHINFER_GIT_REF": "0.2.6.post1",
            "docker/Dockerfile#git clone github.com/flashinfer-ai/flashinfer": "0.2.6.post1",
            "docker/Dockerfile.nightly_torch#git checkout github.com/flashinfer-ai/flashinfer": "0.2.2.post1",
        },
        (
            "docker/Dockerfile:380:31: note: flashinfer-python: pinned by the path of a file, which fi-bump does not update",
        ),
    ),
    Case(
        "vllm",
        "0.10.2",
        "flashinfer",
        {
            "docker/Dockerfile#ARG FLASHINFER_GIT_REF": "0.3.0",
            "docker/Dockerfile.nightly_torch#git checkout github.com/flashinfer-ai/flashinfer": "0.2.2.post1",
            "setup.py#setup.extras_require.flashinfer/flashinfer-python": "0.3.0",
        },
    ),
    Case(
        "vllm",
        "0.24.0",
        "flashinfer",
        {
            "docker/Dockerfile#ARG FLASHINFER_VERSION": "0.6.12",
            "docker/Dockerfile.nightly_torch#git clone github.com/flashinfer-ai/flashinfer": "0.6.12",
            "docker/versions.json#variable.FLASHINFER_VERSION.default": "0.6.12",
            "requirements/cuda.txt#flashinfer-cubin": "0.6.12",
            "requirements/cuda.txt#flashinfer-python": "0.6.12",
        },
    ),
    Case(
        "vllm",
        "0.29.0",
        "flashinfer",
        {
            "docker/Dockerfile#ARG FLASHINFER_VERSION": "0.6.18",
            "docker/versions.json#variable.FLASHINFER_VERSION.default": "0.6.18",
            "requirements/cuda.txt#flashinfer-cubin": "0.6.18",
            "requirements/cuda.txt#flashinfer-python": "0.6.18",
        },
    ),
    Case(
        "vllm",
        "0.33.0",
        "flashinfer",
        {"requirements/cuda.txt#flashinfer-python": "0.7.2.post1"},
        (
            "vllm/models/deepseek_v41/nvidia/specialized_decode/__init__.py:43:23: note: FLASHINFER_VERSION: "
            + CONSTANT,
        ),
    ),
    Case(
        "sglang",
        "0.5.9",
        "flashinfer",
        {
            "pyproject.toml#project.dependencies/flashinfer-cubin": "0.6.3",
            "pyproject.toml#project.dependencies/flashinfer-python": "0.6.3",
            "sglang/srt/entrypoints/engine.py#assert_pkg_version/flashinfer_python": "0.6.3",
        },
    ),
    Case(
        "sglang",
        "0.5.10.post1",
        "sgl-kernel",
        {
            "pyproject.toml#project.dependencies/sglang-kernel": "0.4.1",
            "sglang/srt/entrypoints/engine.py#assert_pkg_version/sglang-kernel": "0.4.1",
        },
        ("pyproject_xpu.toml:23:15: note: sgl-kernel: pinned by a URL that fi-bump does not update",),
    ),
    Case(
        "lmcache",
        "0.5.7rc2",
        "nixl",
        {"docker/Dockerfile#ARG NIXL_VERSION": "1.3.1", "docker/Dockerfile.xpu#ARG NIXL_VERSION": "0.10.1"},
        (
            "docker/Dockerfile:152:45: note: nixl: has no version specifier",
            "docker/Dockerfile:183:45: note: nixl: has no version specifier",
        ),
    ),
    Case(
        "aphrodite-engine",
        "0.10.0",
        "flashinfer",
        {
            "docker/Dockerfile#RUN flashinfer-cubin": "0.5.1",
            "docker/Dockerfile#RUN flashinfer-jit-cache": "0.5.1",
            "requirements/cuda.txt#flashinfer-python": "0.5.1",
        },
    ),
    Case(
        "skyrl",
        "0.4.0",
        "flashinfer",
        {
            f"pyproject.toml#{table}/{package}": "0.6.18.post1"
            for table in (
                "project.optional-dependencies.fsdp",
                "project.optional-dependencies.megatron",
                "tool.uv.override-dependencies",
            )
            for package in ("flashinfer-cubin", "flashinfer-jit-cache", "flashinfer-python")
        },
    ),
    Case(
        "vllm",
        "0.24.0",
        "nixl",
        {
            "docker/Dockerfile.xpu#ARG NIXL_VERSION": "1.2.0",
            "docker/Dockerfile.xpu#ARG NIXL_VERSION (2)": "1.2.0",
            "requirements/kv_connectors.txt#nixl": "1.2.0",
            "requirements/tpu.txt#nixl": "0.3.0",
        },
        ("docker/Dockerfile:1039:61: note: nixl-cu12: has no version specifier",),
    ),
    Case(
        "tpu-inference",
        "0.32.0",
        "jax",
        {"requirements.txt#jax": "0.11.2", "requirements.txt#jaxlib": "0.11.2"},
    ),
    Case(
        "vllm",
        "0.33.0",
        "torch",
        {
            "docker/Dockerfile.rocm_base#ARG TORCH_VERSION": "2.13.0",
            "docker/Dockerfile.rocm_base_gfx1250#ARG TORCH_VERSION": "2.11.0",
            "docker/Dockerfile.s390x#RUN torch": "2.14.0",
            "docker/Dockerfile.s390x#RUN torch (2)": "2.14.0",
            "docker/Dockerfile.zen#RUN torch": "2.14.0",
            "docker/build_vllm_ppc64le.sh#TORCH_VERSION": "2.13.0",
            "pyproject.toml#build-system.requires/torch": "2.14.0",
            "requirements/build/cpu.txt#torch": "2.14.0",
            "requirements/build/cpu.txt#torch (2)": "2.14.0",
            "requirements/build/cuda.txt#torch": "2.14.0",
            "requirements/build/rock.txt#torch": "2.12.0",
            "requirements/build/rocm.txt#torch": "2.12.0",
            "requirements/build/tpu.txt#torch": "2.14.0",
            "requirements/cpu.txt#torch": "2.14.0",
            "requirements/cpu.txt#torch (2)": "2.14.0",
            "requirements/cuda.txt#torch": "2.14.0",
            "requirements/rubin-prerelease.txt#torch": "2.16.0.dev20261009",
            "requirements/test/cpu.txt#torch": "2.14.0",
            "requirements/test/cuda.in#torch": "2.14.0",
            "requirements/test/cuda.txt#torch": "2.14.0",
            "requirements/test/xpu.txt#torch": "2.14.0",
            "requirements/xpu.txt#torch": "2.14.0",
        },
        # The patterns that sed and grep search for are no pins.
        tuple(
            f"{place}: note: torch: has no version specifier"
            for place in (
                "docker/Dockerfile:249:58",
                "docker/Dockerfile.cpu:162:27",
                # A script's table.
                "rust/src/chat/tests/grammar_replay.py:9:6",
                "tests/standalone_tests/pytorch_nightly_dependency.sh:24:24",
                "tools/ep_kernels/elastic_ep/install_eep_libraries.sh:31:20",
                "tools/ep_kernels/install_python_libraries.sh:85:44",
            )
        ),
    ),
]

# Lines with the old version that are about something else, and that no requirement of another package explains.
OTHERS = {
    # Numbers of sections.
    "lmcache-0.5.7rc2-nixl": {f"docs/design/integration/vllm/lazy_offload.md:{line}" for line in (71, 573)},
    # Entries of other packages.
    "vllm-0.24.0-nixl": {"rust/Cargo.lock:4235", "rust/Cargo.lock:5203"},
    # The version of lmms-eval.
    "sglang-0.5.10.post1-sgl-kernel": {f"sglang/test/kits/mmmu_vlm_kit.py:{line}" for line in (201, 386)},
}


def name_of(case: Case) -> str:
    return f"{case.project}-{case.release}-{case.family}"


def unexplained(root: Path, places: set[str], version: str, packages: set[str]) -> set[str]:
    """Leave out the metadata of a source distribution, and requirements of packages that are not in the group."""
    found = set()
    for place in places:
        path, number = place.rsplit(":", 1)
        line = (root / path).read_text(encoding="utf-8", errors="replace").split("\n")[int(number) - 1]
        required = re.findall(rf"([A-Za-z][\w.-]*)(?:\[[^\]]*\])?[=<>~]=v?{re.escape(version)}(?!\w)", line)
        is_foreign = required and packages.isdisjoint(re.sub("[-_.]+", "-", each).lower() for each in required)
        if not is_foreign and path != "PKG-INFO" and ".egg-info/" not in path:
            found.add(place)
    return found


def hold_the_advice(root: Path, out: str, run: Run) -> None:
    """Run commands that an output proposes, one after the other; none fails, and only the lock changes."""
    added = re.findall(r"fi-bump (site add .+?)(?: \[[a-z-]+\])?$", out, re.MULTILINE)
    commands = [*map(shlex.split, added), *(each for each in helps(out) if each[0] == "site")][:MOST_ADVICE]
    if not commands:
        return
    lock, before = (root / LOCK).read_bytes(), snapshot(root)
    for words in commands:
        result = run(root, *words)
        assert (words, result.code, result.err) == (words, 0, "")
    checked = run(root, "check")
    assert checked.code == 0 or "[drift]" in checked.out, (commands, checked)
    (root / LOCK).write_bytes(lock)
    assert snapshot(root) == before


def replaced(before: bytes, after: bytes, old: set[bytes], new: bytes) -> int:
    """How often a text of `old` became `new`; fails when any other byte differs."""
    moved = position = end = 0
    for match in re.finditer(b"|".join(sorted(map(re.escape, old), reverse=True)), before):
        length = match.start() - end
        assert after[position : position + length] == before[end : match.start()]
        position += length
        end = match.end()
        if after.startswith(new, position) and not (
            after.startswith(match[0], position) and after[position + len(match[0]) :] == before[end:]
        ):
            position += len(new)
            moved += 1
        else:
            assert after.startswith(match[0], position)
            position += len(match[0])
    assert after[position:] == before[end:]
    return moved


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_there_and_back(tmp_path: Path, run: Run, case: Case) -> None:
    root = tmp_path / "tree"
    shutil.copytree(unpacked(case.project, case.release), root, symlinks=True)
    found = run(root, "init", "--group", case.family)
    if found.code == 1:
        # No version has more than half of the pins: take the one that init proposes.
        proposed = re.search(r"run fi-bump init --group \S+ (--version) (\S+)\n", found.out)
        assert proposed is not None
        found = run(root, "init", "--group", case.family, *proposed.groups())
    assert found.code == 0
    assert set(re.findall(r'"([^"#]+#[^"]+)"', (root / LOCK).read_text())) == set(case.sites)
    assert [line for line in found.out.split("\n") if ": note: " in line] == list(case.notes)

    # In step first, whatever the release shipped: a bump moves equal pins.
    current = re.findall(r'"version": "([^"]+)"', (root / LOCK).read_text())[0]
    stale = run(root, "check")
    assert stale.out.count("[drift]") == sum(version != current for version in case.sites.values())
    assert run(root, "check", "--fix").code == 0
    before = snapshot(root)
    hold_the_advice(root, stale.out, run)

    new = "99.1rc2.post3"
    done = run(root, "set", "--offline", new)
    assert done.code == 0
    after = snapshot(root)
    packages = set(json.loads((root / LOCK).read_bytes())["groups"][case.family]["packages"])
    left = unexplained(root, silent(old_lines(root, current, []), done.out), current, packages)
    assert left == OTHERS.get(name_of(case), set())
    mentions = run(root, "check", "--mentions")
    assert mentions.code == 0
    for command, result in (("init", found), ("check", stale), ("set", done), ("check --mentions", mentions)):
        assert twice(command, [line for line in result.out.split("\n") if line]) == []
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {site.partition("#")[0] for site in case.sites} | {LOCK}
    moved = {
        name: replaced(before[name][0], after[name][0], {current.encode()}, new.encode()) for name in changed - {LOCK}
    }
    expected = {name: sum(site.startswith(f"{name}#") for site in case.sites) for name in moved}
    assert moved == expected

    assert run(root, "set", "--offline", current).code == 0
    assert snapshot(root) == before
