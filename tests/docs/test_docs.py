"""Test that the pages show what the commands print, and that tools/docs.py notices when they do not."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from fi_bump.cli.examples import EXAMPLES
from fi_bump.errors import Exit
from fi_bump.findings.rules import Rule, rules_of

TOP = Path(__file__).parents[2]
TOOL = TOP / "tools" / "docs.py"


@pytest.fixture(scope="module")
def docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_tool", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_a_block_becomes_what_its_command_prints(docs: ModuleType) -> None:
    page = "a\n<!-- quietly: echo x > y -->\n<!-- run: cat y -->\n```\nstale\n```\n\n<!-- run: echo to stderr >&2; exit 3 -->\nb\n"
    assert docs.generated(page) == (
        "a\n<!-- quietly: echo x > y -->\n<!-- run: cat y -->\n```\n$ cat y\nx\n```\n\n"
        "<!-- run: echo to stderr >&2; exit 3 -->\n```\n$ echo to stderr >&2; exit 3\nto stderr\n[exit code 3]\n```\nb\n"
    )
    assert docs.generated(docs.generated(page)) == docs.generated(page)


def test_tables_say_what_the_package_says(docs: ModuleType) -> None:
    page = "a\n<!-- rules: audit -->\n\n| stale |\n|---|\n\n<!-- exit codes -->\nb\n"
    made = docs.generated(page)
    assert made.startswith("a\n<!-- rules: audit -->\n\n| rule | fails | meaning | what to do |\n|---|---|---|---|\n")
    assert (
        "\n| `unresolved` | yes | With `--resolve`: uv finds no releases that satisfy a requirement file. | Change a "
        "requirement that uv's explanation names. |\n"
    ) in made
    assert "\n| 130 | Interrupted: no file is half-written. |\nb\n" in made
    assert "stale" not in made
    assert docs.generated(made) == made


def test_every_rule_and_exit_code_is_in_the_pages() -> None:
    pages = "".join(
        (TOP / "docs" / f"{name}.md").read_text() for name in ("check", "indexes", "smoke", "compare", "reference")
    )
    rows = [f"\n| `{rule.value}` |" for rule in Rule] + [f"\n| {int(code)} |" for code in Exit]
    assert [row for row in rows if row not in pages] == []


@pytest.mark.parametrize("command", ["check", "audit", "smoke"])
def test_every_finding_has_a_section_in_which_a_run_prints_it(command: str) -> None:
    page = (TOP / "docs" / "findings" / f"{command}.md").read_text()
    for rule in rules_of(command):
        section = page.partition(f"\n## {rule.value}\n")[2].partition("\n## ")[0]
        printed = "".join(re.findall(r"^<!-- run: .*? -->\n```\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))
        # A note about a release, and the answer of uv, have no name of a rule.
        shown = {"risk": "has a known fault", "unresolved": "uv cannot resolve it"}.get(rule.value, rule.value)
        assert shown in printed, rule.value


def test_what_runs_quietly_must_work(docs: ModuleType) -> None:
    with pytest.raises(SystemExit, match="false failed"):
        docs.generated("<!-- quietly: false -->\n")


def test_every_command_has_a_page_in_the_navigation_and_keeps_its_old_anchor() -> None:
    from tools import command_line

    navigation = (TOP / "mkdocs.yml").read_text()
    overview = (TOP / "docs" / "commands.md").read_text()
    helps = command_line.help_pages()
    commands = [each for each in helps if each and not any(other.startswith(f"{each} ") for other in helps)]
    assert len(commands) > 20
    for words in commands:
        name = words.split()[0]
        page = (TOP / "docs" / "commands" / f"{name}.md").read_text()
        assert f"          - commands/{name}.md\n" in navigation
        assert f"\n## {words}\n" in overview
        assert f"\n```\n$ fi-bump {words} --help\n" in page
        for line, _ in EXAMPLES.get(words, ()):
            assert f"\n$ {line}\n" in page


@pytest.mark.parametrize("page", sorted((TOP / "docs" / "commands").glob("*.md")), ids=lambda page: page.stem)
def test_no_example_shows_a_run_that_could_not_be_done(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "[exit code 3]" not in text
    # The name of an environment depends on where fi-bump is installed.
    assert "/environments/" not in text


def test_the_page_of_a_command_that_does_not_exist_goes_away(docs: ModuleType) -> None:
    assert docs._new(TOP / "docs" / "commands" / "upgrade.md", {}) is None
