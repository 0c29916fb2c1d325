"""Check each template with the tool that reads it, and check that the tool rejects a broken template."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from fi_bump.errors import FileError
from fi_bump.smoke import storage
from tests.commands.template.conftest import COMMIT
from tests.commands.template.test_template import TARGETS
from tests.conftest import OLD, Run, plant
from tests.stories.test_precommit import HOOKS, git, pre_commit

TOP = Path(__file__).parents[3]
WORKFLOWS = ("github-drift", "github-bump", "github-smoke", "github-compare", "github-sweep")


def tool(name: str, *arguments: str, cwd: Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a tool of the dev extra, which is installed next to this interpreter."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert found, f"{name} is not installed: the dev extra has it"
    environment = {**os.environ, "NO_COLOR": "1"}
    command = [found, *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, input=text, timeout=120)


def written(root: Path, run: Run, name: str) -> Path:
    """Write the template's file to its usual path and return the path."""
    assert run(root, "template", name, "--write").code == 0
    return root / TARGETS[name]


def spoil(path: Path, old: str, new: str) -> None:
    """Replace a text in the file, and assert that the file contains it."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.slow
@pytest.mark.parametrize("name", WORKFLOWS)
def test_zizmor_finds_nothing(two: Path, run: Run, name: str) -> None:
    path = written(two, run, name)
    audit = ("--offline", "--no-config", "--persona=pedantic", "--no-progress", str(path))
    done = tool("zizmor", *audit, cwd=two)
    assert (done.returncode, done.stdout.partition(" (")[0].strip()) == (0, "No findings to report. Good job!")
    pinned = re.search(r"(actions/[a-z-]+)@[0-9a-f]{40}", path.read_text())
    assert pinned is not None
    spoil(path, pinned[0], f"{pinned[1]}@v6")
    done = tool("zizmor", *audit, cwd=two)
    assert done.returncode != 0
    assert "error[unpinned-uses]: unpinned action reference" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "schema", "old", "new"),
    [
        *((name, ("vendor.github-workflows",), "runs-on:", "runs-at:") for name in WORKFLOWS),
        ("buildkite", ("vendor.buildkite",), "timeout_in_minutes: 10", "timeout_in_minutes: soon"),
        ("buildkite-sweep", ("vendor.buildkite",), "parallelism: 4", "parallelism: four"),
        ("buildkite-compare", ("vendor.buildkite",), "timeout_in_minutes: 15", "timeout_in_minutes: soon"),
        (
            "gitlab-compare",
            ("vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
            "timeout: 15 minutes",
            "timeout: [15]",
        ),
        ("gitlab-sweep", ("vendor.gitlab-ci", "--data-transform", "gitlab-ci"), "parallel: 4", "parallel: four"),
        ("gitlab", ("vendor.gitlab-ci", "--data-transform", "gitlab-ci"), "needs: [", "needs: [1, "),
        ("renovate", ("vendor.renovate",), '"minimumGroupSize": 3', '"minimumGroupSize": "3"'),
    ],
)
def test_the_vendors_schema_takes_it(
    two: Path, run: Run, name: str, schema: tuple[str, ...], old: str, new: str
) -> None:
    path = written(two, run, name)
    arguments = ("--builtin-schema", *schema, str(path))
    done = tool("check-jsonschema", *arguments, cwd=two)
    assert (done.returncode, done.stdout) == (0, "ok -- validation done\n")
    spoil(path, old, new)
    assert tool("check-jsonschema", *arguments, cwd=two).returncode == 1


@pytest.mark.slow
def test_kubernetes_takes_it(two: Path, run: Run) -> None:
    path = written(two, run, "kubernetes-smoke")
    done = tool("kubernetes-validate", "--strict", str(path), cwd=two)
    assert done.returncode == 0
    resources = ("configmap/fi-bump-lock", "job/fi-bump-smoke-sm90", "job/fi-bump-smoke-sm100")
    passed = [f"INFO {path} passed for resource {resource} against version 1.37" for resource in resources]
    assert [line.rstrip() for line in (done.stdout + done.stderr).split("\n") if line] == passed
    spoil(path, "backoffLimit: 0", "backofLimit: 0")
    assert tool("kubernetes-validate", "--strict", str(path), cwd=two).returncode != 0


@pytest.mark.slow
def test_kubernetes_takes_the_indexed_job(two: Path, run: Run) -> None:
    path = written(two, run, "kubernetes-sweep")
    assert tool("kubernetes-validate", "--strict", str(path), cwd=two).returncode == 0
    spoil(path, "completionMode: Indexed", "completionMode: 1")
    assert tool("kubernetes-validate", "--strict", str(path), cwd=two).returncode != 0


@pytest.mark.parametrize(
    ("name", "variables", "part"),
    [
        ("github-sweep", {"PART": "2", "PARTS": "4"}, "3/4"),
        ("buildkite-sweep", {"BUILDKITE_PARALLEL_JOB": "2", "BUILDKITE_PARALLEL_JOB_COUNT": "4"}, "3/4"),
        ("gitlab-sweep", {"CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "4"}, "3/4"),
        ("kubernetes-sweep", {"JOB_COMPLETION_INDEX": "0"}, "1/4"),
    ],
)
def test_the_schedulers_own_variables_name_the_part(
    name: str, variables: dict[str, str], part: str, two: Path, run: Run
) -> None:
    # Buildkite replaces `$$` by `$` when the pipeline is uploaded.
    text = written(two, run, name).read_text().replace("$$", "$")
    option = re.search(r'--shard ("[^"]+")', text)
    assert option is not None
    shown = subprocess.run(
        ["/bin/sh", "-c", f"echo {option[1]}"], env=variables, capture_output=True, text=True, check=True
    )
    assert shown.stdout == f"{part}\n"


@pytest.mark.parametrize(
    ("name", "variable", "words"),
    [
        ("buildkite", "FI_BUMP_MODULES", ["--modules", "{}", "--export-modules", "{}"]),
        ("buildkite-sweep", "FI_BUMP_CACHE", ["--cache", "{}"]),
        ("gitlab-sweep", "FI_BUMP_CACHE", ["--cache", "{}"]),
        ("github-sweep", "CACHE", ["--cache", "{}"]),
    ],
)
def test_a_variable_names_the_folder_that_parts_share(
    name: str, variable: str, words: list[str], two: Path, run: Run
) -> None:
    text = written(two, run, name).read_text().replace("$$", "$")
    option = re.search(rf"\$\{{{variable}:\+.*?\}}", text)
    assert option is not None
    for folder in ("/mnt/shared parts", ""):
        environment = {variable: folder} if folder else {}
        echo = ["/bin/sh", "-c", f'for word in {option[0]}; do echo "$word"; done']
        shown = subprocess.run(echo, env=environment, capture_output=True, text=True, check=True)
        assert shown.stdout.splitlines() == ([word.format(folder) for word in words] if folder else [])


@pytest.mark.parametrize("name", ["kubernetes-smoke", "kubernetes-sweep"])
def test_a_pod_trusts_the_volume_of_its_cache(name: str, two: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [each for each in yaml.safe_load_all(written(two, run, name).read_text()) if each["kind"] == "Job"]
    assert jobs
    for job in jobs:
        (container,) = job["spec"]["template"]["spec"]["containers"]
        words = [word for each in container["args"] for word in each.split()]
        cache = Path(words[words.index("--cache") + 1])
        variables = {each["name"]: each["value"] for each in container["env"]}
        volume = two / cache.parts[1]
        volume.mkdir(exist_ok=True)
        volume.chmod(0o2777)
        monkeypatch.setenv("FI_BUMP_TRUSTED_FOLDER", f"{two}{variables['FI_BUMP_TRUSTED_FOLDER']}")
        assert storage.folder(f"{two}{cache}") == f"{two}{cache}"
        monkeypatch.delenv("FI_BUMP_TRUSTED_FOLDER")
        with pytest.raises(FileError):
            storage.folder(f"{two}{cache}")


def test_the_pod_gets_a_lock_that_fi_bump_reads(two: Path, run: Run, tmp_path: Path) -> None:
    documents = list(yaml.safe_load_all(written(two, run, "kubernetes-smoke").read_bytes()))
    plant(tmp_path / "pod", {name: text.encode() for name, text in documents[0]["data"].items()})
    # `smoke` prints this after it has read the lock and before it runs anything.
    done = run(tmp_path / "pod", *documents[1]["spec"]["template"]["spec"]["containers"][0]["args"][2:5], "--with", "!")
    assert (done.code, done.out) == (2, "")
    assert "'!'" in done.err


def scripts(path: Path) -> list[str]:
    """Return the shell scripts of a workflow, in order."""
    document: dict[str, Any] = yaml.safe_load(path.read_bytes())
    return [step["run"] for job in document["jobs"].values() for step in job["steps"] if "run" in step]


@pytest.mark.slow
@pytest.mark.parametrize("name", WORKFLOWS)
def test_shellcheck_finds_nothing(two: Path, run: Run, name: str) -> None:
    found = scripts(written(two, run, name))
    assert found
    for script in found:
        done = tool("shellcheck", "--norc", "--shell=bash", "-", cwd=two, text=script)
        assert (done.returncode, done.stdout) == (0, "")
        # An expression in a script would allow shell injection from the event or the matrix.
        assert "${{" not in script
    assert tool("shellcheck", "--norc", "--shell=bash", "-", cwd=two, text="echo $1\n").returncode == 1


@pytest.mark.slow
def test_pre_commit_runs_it(two: Path, run: Run, tmp_path: Path) -> None:
    # This tree stands in for the repository that the template names; its hook runs the installed fi-bump.
    hooks = tmp_path / "hooks"
    plant(hooks, {".pre-commit-hooks.yaml": HOOKS.replace("language: python", "language: system").encode()})
    path = written(two, run, "pre-commit")
    spoil(path, "https://git.example/tools/fi-bump", str(hooks))
    for root in (hooks, two):
        git(root, "init")
        git(root, "add", "-A")
        git(root, "commit", "-m", "tree")
    spoil(path, COMMIT, git(hooks, "rev-parse", "HEAD").strip())
    assert pre_commit(two, "validate-config").returncode == 0
    done = pre_commit(two, "run", "--all-files")
    assert (done.returncode, done.stdout.split("\n")[-2][-6:]) == (0, "Passed")
    spoil(two / "docker/Dockerfile", OLD, "0.6.6")
    done = pre_commit(two, "run", "--all-files")
    assert done.returncode == 1
    assert f"docker/Dockerfile:3:24: FLASHINFER_VERSION is 0.6.6, the lock says {OLD} [drift]\n" in done.stdout


def has_buildx() -> bool:
    """Return whether docker has the buildx client. `bake --print` needs no daemon."""
    docker = shutil.which("docker")
    return docker is not None and subprocess.run([docker, "buildx", "version"], capture_output=True).returncode == 0


@pytest.mark.skipif(not has_buildx(), reason="docker buildx is not installed here")
def test_bake_reads_the_versions() -> None:
    files = ("-f", "docker/docker-bake.hcl", "-f", "docker/versions.json")
    done = tool("docker", "buildx", "bake", *files, "--print", cwd=TOP)
    assert done.returncode == 0
    smoke = yaml.safe_load(done.stdout)["target"]["smoke"]
    versions = yaml.safe_load((TOP / "docker/versions.json").read_bytes())["variable"]
    assert smoke["args"] == {name: variable["default"] for name, variable in versions.items()}
    assert smoke["tags"] == [f"fi-bump-smoke:{versions['FLASHINFER_VERSION']['default']}"]
