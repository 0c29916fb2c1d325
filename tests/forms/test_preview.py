"""The law of the preview: `set --dry-run` says what `set` says, ends as `set` ends, and its patch is what `set` writes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import NEW, Run, snapshot
from tests.forms.test_forms import CASES, files, names


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_the_preview_equals_the_deed(name: str, tmp_path: Path, run: Run) -> None:
    root, copy = tmp_path / "tree", tmp_path / "copy"
    shutil.copytree(CASES / name / "tree", root)
    run(root, "init")
    before = snapshot(root)
    preview = run(root, "set", "--offline", NEW, "--dry-run")
    assert snapshot(root) == before
    shutil.copytree(root, copy)
    deed = run(root, "set", "--offline", NEW)
    assert (preview.code, preview.err) == (deed.code, deed.out or deed.err)
    if preview.out:
        subprocess.run(["git", "apply", "-"], cwd=copy, input=preview.out.encode(), check=True)
    assert files(copy) == files(root)
