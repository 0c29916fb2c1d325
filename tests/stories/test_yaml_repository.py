"""A repository whose pins stand in YAML: recorded, moved together, moved back to the same bytes."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Run, plant, snapshot

WORKFLOW = (
    b"on:\r\n  workflow_dispatch:\r\n    inputs:\r\n      flashinfer_version:\r\n        description: which FlashInfer\r\n"
    b"        default: '0.6.8' # kept in step\r\njobs:\r\n  test:\r\n    env: {FLASHINFER_VERSION: 0.6.8, TORCH: 0.6.8}\r\n"
    b"    steps:\r\n    - run: |\r\n        pip install flashinfer-python==0.6.8 torchcodec==0.6.8\r\n"
)
ENVIRONMENT = b"\xef\xbb\xbfdependencies:\n  - python=3.12\n  - pip:\n    - flashinfer-python==0.6.8\n    - flashinfer-cubin>=0.6\n"
TEMPLATE = b"{% if gpu %}\nenv:\n  FLASHINFER_VERSION: 0.6.8\n{% endif %}\n"
TREE = {
    ".github/workflows/ci.yml": WORKFLOW,
    "environment.yaml": ENVIRONMENT,
    "templates/job.yaml": TEMPLATE,
    "templates/values.yaml": b"backend: FLASHINFER\n",
    "conda-lock.yml": b"- name: flashinfer-python\n  version: 0.6.8\n",
}
LOCKED = "resolved by conda-lock: run conda-lock lock --update flashinfer-python"


def test_there_and_back(tmp_path: Path, run: Run) -> None:
    plant(tmp_path, TREE)
    assert run(tmp_path, "init").code == 0
    before = snapshot(tmp_path)
    assert [
        line.strip().strip('",') for line in before["versions.lock.json"][0].decode().split("\n") if "#" in line
    ] == [
        ".github/workflows/ci.yml#jobs.test.env.FLASHINFER_VERSION",
        ".github/workflows/ci.yml#jobs.test.steps.run/flashinfer-python",
        ".github/workflows/ci.yml#on.workflow_dispatch.inputs.flashinfer_version.default",
        "environment.yaml#dependencies.pip/flashinfer-python",
        "templates/job.yaml#FLASHINFER_VERSION",
    ]
    assert run(tmp_path, "check") == (0, "flashinfer 0.6.8: 5 pins in 3 files, in step\n", "")

    assert run(tmp_path, "set", "0.7.0rc1").code == 0
    after = snapshot(tmp_path)
    assert {name for name in before if before[name] != after[name]} == {
        ".github/workflows/ci.yml",
        "environment.yaml",
        "templates/job.yaml",
        "versions.lock.json",
    }
    new = b"0.7.0rc1"
    assert after[".github/workflows/ci.yml"][0] == (
        WORKFLOW.replace(b"'0.6.8'", b"'" + new + b"'")
        .replace(b"VERSION: 0.6.8", b"VERSION: " + new)
        .replace(b"python==0.6.8", b"python==" + new)
    )
    assert after["environment.yaml"][0] == ENVIRONMENT.replace(b"python==0.6.8", b"python==" + new)
    assert after["templates/job.yaml"][0] == TEMPLATE.replace(b"0.6.8", new)
    stale = f"conda-lock.yml:2:12: flashinfer-python is 0.6.8, the lock says 0.7.0rc1; {LOCKED} [stale-lock-file]\n"
    help_line = "help: regenerate each lock file, or exclude it in versions.lock.json\n"
    summary = "flashinfer 0.7.0rc1: 5 pins in 3 files, 1 finding\n"
    assert run(tmp_path, "check") == (1, stale + summary + help_line, "")

    assert run(tmp_path, "set", "0.6.8").code == 0
    assert snapshot(tmp_path) == before


def test_a_version_that_needs_quotes_is_refused(tmp_path: Path, run: Run) -> None:
    plant(tmp_path, {"ci.yml": b"a: b\nFLASHINFER_VERSION: 0.6.8\n"})
    assert run(tmp_path, "init").code == 0
    before = snapshot(tmp_path)
    assert run(tmp_path, "set", "0.10") == (
        3,
        "",
        "ci.yml:2:21: YAML would read 0.10 as the number 0.1 here\nhelp: put quotes around the version there, then run again\n",
    )
    assert snapshot(tmp_path) == before


def test_drift_is_found_and_mended(tmp_path: Path, run: Run) -> None:
    plant(tmp_path, TREE)
    assert run(tmp_path, "init").code == 0
    before = snapshot(tmp_path)
    plant(tmp_path, {"environment.yaml": ENVIRONMENT.replace(b"==0.6.8", b"==0.6.1")})
    assert run(tmp_path, "check") == (
        1,
        ""
        + "environment.yaml:4:26: flashinfer-python is 0.6.1, the lock says 0.6.8 [drift]\n"
        + "flashinfer 0.6.8: 5 pins in 3 files, 1 finding\nhelp: run fi-bump check --fix\n",
        "",
    )
    assert run(tmp_path, "check", "--fix").code == 0
    assert snapshot(tmp_path) == before
