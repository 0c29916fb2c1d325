"""Test that docs/pull-requests.md shows what fi-bump writes for examples/engine."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.commands.pr_body.conftest import section
from tests.conftest import NEW, Run

TOP = Path(__file__).parents[3]
PAGE = (TOP / "docs/pull-requests.md").read_text()


def test_the_body_is_the_examples(tmp_path: Path, run: Run) -> None:
    # Dates and releases depend on the index; everything else must be equal to the page.
    shown = PAGE.partition("```markdown\n")[2].partition("```")[0]
    shutil.copytree(TOP / "examples/engine", tmp_path / "engine")
    body = run(tmp_path / "engine", "set", NEW, "--pr-body", "-").out
    assert shown.split("\n")[0] == body.split("\n")[0]
    assert section(shown, "What moves") == section(body, "What moves")
    assert section(shown, "Not run")[-1] == section(body, "Not run")[-1]
    titles = [line for line in shown.split("\n") if line.startswith("### ")]
    assert titles == ["### What moves", "### Releases of flashinfer on the way", "### Audit", "### Not run"]
