"""Test that docs/ci.md shows the command's output for this repository and names every template and placeholder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fi_bump.template.catalog import TEMPLATES
from tests.conftest import Run

TOP = Path(__file__).parents[3]
PAGE = (TOP / "docs/ci.md").read_text()


@pytest.mark.parametrize(("name", "heading"), [("pre-commit", "pre-commit"), ("github-drift", "GitHub")])
def test_the_examples_are_generated(run: Run, name: str, heading: str) -> None:
    example = PAGE.partition(f"\n## {heading}\n\n```yaml\n")[2].partition("```\n")[0]
    source = "git+https://git.example/tools/fi-bump@0123456789abcdef0123456789abcdef01234567"
    assert run(TOP, "template", name, "--source", source).out == example


def test_the_table_has_every_template() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| `([^`]+)` \|", PAGE, re.MULTILINE)
    assert rows == [(template.name, template.target) for template in TEMPLATES.values()]


def test_every_placeholder_of_a_source_is_explained() -> None:
    used = set()
    for path in (TOP / "templates").iterdir():
        used |= set(re.findall(r"<<([a-z][a-z -]*)>>", path.read_text())) - {"end"}
    table = PAGE.partition("| name | |\n|---|---|\n")[2]
    assert (
        set(re.findall(r"`([a-z][a-z -]*)`", "\n".join(row.split("|")[1] for row in table.split("\n") if row))) == used
    )
