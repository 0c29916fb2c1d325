"""Tests of `fi-bump explain` as a user runs it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fi_bump.commands.explain import known_names
from fi_bump.errors import Exit
from fi_bump.findings.rules import Rule
from fi_bump.smoke.registry import PROBES
from tests.conftest import Run

# The command reads no repository, so any folder will do.
HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(
            "missing-site",
            "missing-site: a rule of fi-bump check (error, the exit code is 1)\n"
            "The lock records a pin that is no longer there.\n"
            "More, with an example: docs/findings/check.md#missing-site in fi-bump's source\n"
            "help: put the pin back, or forget its site: fi-bump site remove SITE\n",
            id="a rule that fails",
        ),
        pytest.param(
            "risk",
            "risk: a rule of fi-bump audit (note, the command does not fail)\n"
            "The pins agree, but an installation can still go wrong.\n"
            "More, with an example: docs/findings/audit.md#risk in fi-bump's source\n"
            "help: pin the release that the note names, or add an index that has it\n",
            id="a rule that does not",
        ),
        pytest.param(
            "environment",
            "environment: a probe of fi-bump smoke\n"
            "It passes when the locked version is installed and imports, and it fits torch, the driver and nvcc.\n"
            "It finds a mixed installation: members of two releases, another CUDA than torch's, a driver that is too old.\n"
            "It runs anywhere, takes 11 s, and is ended after 300 s.\n"
            "Releases of flashinfer-python and flashinfer-cubin can break it.\n"
            "More, with an example: docs/probes.md#environment in fi-bump's source\n"
            "help: to run only this probe, run fi-bump smoke --only environment\n",
            id="a probe",
        ),
        pytest.param(
            "cutedsl-masked-moe",
            "cutedsl-masked-moe: a probe of fi-bump smoke\n"
            "It passes when the masked grouped matrix product compiles with the installed nvidia-cutlass-dsl and is "
            "right.\n"
            "It finds a release of nvidia-cutlass-dsl that the metadata allows and the kernel does not work with.\n"
            "It runs on compute capability 10.0 to 10.3, takes 4 s to compile, and is ended after 1800 s.\n"
            "On any other machine it compiles its kernel.\n"
            "Releases of flashinfer-python, torch and nvidia-cutlass-dsl can break it.\n"
            "More, with an example: docs/probes.md#cutedsl-masked-moe in fi-bump's source\n"
            "help: to run only this probe, run fi-bump smoke --only cutedsl-masked-moe\n",
            id="a probe that compiles",
        ),
        pytest.param(
            "pytest",
            "pytest: a probe of fi-bump smoke\nIt runs the engine's own tests that --pytest names.\n",
            id="tests of an engine",
        ),
        pytest.param(
            "2",
            "2: an exit code of every command\n"
            "Wrong usage: an unknown command, option, group or template, or a file that is in the way.\n",
            id="an exit code",
        ),
    ],
)
def test_what_is_explained(run: Run, name: str, expected: str) -> None:
    assert run(HERE, "explain", name) == (0, expected, "")


@pytest.mark.parametrize("written", ["[yanked]", "fi-bump/yanked", "Yanked", "yanked"])
def test_a_name_is_taken_as_reports_write_it(run: Run, written: str) -> None:
    assert run(HERE, "explain", written).out.startswith("yanked: a rule of fi-bump check (error, ")


@pytest.mark.slow
def test_everything_has_an_explanation(run: Run) -> None:
    names = [*(rule.value for rule in Rule), *PROBES, "pytest", *(str(int(code)) for code in Exit)]
    assert sorted(known_names()) == sorted(names)
    for name in names:
        code, out, error = run(HERE, "explain", name)
        assert (code, error) == (0, "")
        assert re.match(rf"{re.escape(name)}: an? (rule|probe|exit code) of ", out)


@pytest.mark.slow
def test_the_page_that_it_names_has_the_section(run: Run) -> None:
    for name in [*(rule.value for rule in Rule), *PROBES]:
        named = re.search(r"docs/(\S+\.md)#(\S+) in fi-bump's source", run(HERE, "explain", name).out)
        assert named is not None
        page = (DOCS / named[1]).read_text()
        headings = [
            heading.strip("`").lower().replace(" ", "-") for heading in re.findall(r"^## (.+)$", page, re.MULTILINE)
        ]
        assert named[2] in headings
        if named[1].startswith("findings/"):
            section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
            assert "<!-- run: fi-bump" in section


def test_without_a_name_all_are_listed(run: Run) -> None:
    code, out, error = run(HERE, "explain")
    assert (code, error) == (0, "")
    lines = out.split("\n")
    assert [line.split()[0] for line in lines if line.startswith("  ")] == known_names()
    assert [line for line in lines if line and not line.startswith("  ")] == [
        "rules of fi-bump check",
        "rules of fi-bump audit",
        "rules of fi-bump smoke",
        "rules of fi-bump compare",
        "probes of fi-bump smoke",
        "exit codes",
    ]
    assert "  drift            error  a pin is not at its group's version" in lines
    assert "  130  interrupted" in lines


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("missingsite", "did you mean missing-site or missing-tag or missing-row?", id="near one"),
        pytest.param("flor-violated", "did you mean floor-violated?", id="a letter is missing"),
        pytest.param("quaternion", "run fi-bump explain to list the names", id="near none"),
        pytest.param("4", "run fi-bump explain to list the names", id="no exit code"),
        pytest.param("", "run fi-bump explain to list the names", id="empty"),
    ],
)
def test_another_name_is_refused_with_the_nearest(run: Run, name: str, hint: str) -> None:
    message = f"fi-bump: '{name}' is not a rule, a probe or an exit code\nhelp: {hint}\n"
    assert run(HERE, "explain", name) == (2, "", message)
