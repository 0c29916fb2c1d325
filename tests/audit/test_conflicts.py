"""Tests of conflicts and proposals, with releases that are listed in this file."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from fi_bump.audit.breakages import Breakage
from fi_bump.audit.conflicts import Stated, conflicts, exact_version, shown
from fi_bump.audit.notes import open_floors
from fi_bump.audit.proposal import nearest, propose
from fi_bump.index.targets import Targets
from fi_bump.pins import Place

# package -> version -> what it requires
INDEX: dict[str, dict[str, tuple[str, ...]]] = {
    "kit": {
        "1.0": ("dsl>=4.4",),
        "2.0": ("dsl>=4.5", "dsl[cu13]>=4.5.2; extra == 'cu13'", "tool>=2; python_version < '3.11'"),
        "3.0": ("dsl>=4.6.2a0",),
        "4.0": ("dsl>=9",),
    },
    "dsl": dict.fromkeys(("4.4.2", "4.5.0", "4.5.2", "4.6.0", "4.6.2a1", "4.8.1"), ()),
    "quack": {"0.3": ("dsl==4.4.2",), "0.4": ("dsl==4.5.0",), "0.5": ("dsl==4.5.2",), "0.6": ("dsl==4.8.1",)},
    "engine": {"0.20": ("kit==1.0",), "0.22": ("kit==2.0",)},
    "server": {"0.1": ("kit==1.0", "dsl==4.4.2"), "0.2": ("kit==2.0", "dsl==4.5.0")},
    "tool": {"1.0": (), "2.0": ()},
    "twice": {"1.0": ("kit>=9", "kit[x]>=9; extra == 'x'")},
}
ENVIRONMENTS = Targets(("3.12",)).environments


class Known:
    """INDEX as an audit's `Releases`."""

    def versions(self, package: str) -> Sequence[Version]:
        return [Version(each) for each in INDEX.get(package, {})]

    def requires(self, package: str, version: Version) -> Sequence[Requirement]:
        return [Requirement(text) for text in INDEX.get(package, {}).get(str(version), ())]


def stated(*texts: str) -> list[Stated]:
    """Return requirements on the lines 1, 2, 3 … of a file."""
    return [Stated(Requirement(text), Place("r.txt", number)) for number, text in enumerate(texts, 1)]


def said(*texts: str, pythons: tuple[str, ...] = ("3.12",)) -> list[str]:
    """Return the conflicts of kit among these requirements."""
    found = conflicts(stated(*texts), frozenset({"kit"}), Known(), Targets(pythons).environments)
    return [f"{each.stated.place.at_line} {each.message}" for each in found]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["kit==2.0", "dsl==4.4.2"], ["r.txt:2 dsl==4.4.2 conflicts with kit 2.0, which needs dsl>=4.5"]),
        (["kit==2.0", "dsl==4.5.0"], []),
        (["kit==2.0", "dsl>=4.4,<4.5"], ["r.txt:2 dsl<4.5,>=4.4 conflicts with kit 2.0, which needs dsl>=4.5"]),
        (["kit==2.0", "dsl>=4.4,<4.6"], []),
        (["kit==2.0", "DSL == 4.4.2"], ["r.txt:2 DSL==4.4.2 conflicts with kit 2.0, which needs dsl>=4.5"]),
        (["kit==3.0", "dsl==4.6.2a1"], []),
        (["kit==3.0", "dsl==4.6.0"], ["r.txt:2 dsl==4.6.0 conflicts with kit 3.0, which needs dsl>=4.6.2a0"]),
        (["kit==4.0", "dsl>=4"], []),
        (["kit==4.0", "dsl>=4,<10"], ["r.txt:2 dsl<10,>=4 conflicts with kit 4.0, which needs dsl>=9"]),
        (["kit==4.0", "dsl>=4,!=4.5"], []),
        (["kit[cu13]==2.0", "dsl==4.5.0"], ["r.txt:2 dsl==4.5.0 conflicts with kit 2.0, which needs dsl>=4.5.2"]),
        (["kit==2.0", "tool==1.0"], []),
        (["kit==2.0", "dsl==4.4.2; python_version < '3.11'"], []),
        (["kit==1.0", "engine==0.22"], ["r.txt:1 kit==1.0 conflicts with engine 0.22, which needs kit==2.0"]),
        (["kit==2.0", "engine==0.22"], []),
        (["kit>=2", "dsl==4.4.2"], []),
        (["kit==9.0", "dsl==4.4.2"], []),
        (["dsl==4.5.0", "quack==0.3"], []),
        (["kit==2.0+cu130", "dsl==4.4.2"], ["r.txt:2 dsl==4.4.2 conflicts with kit 2.0, which needs dsl>=4.5"]),
    ],
)
def test_conflicts(texts: list[str], expected: list[str]) -> None:
    assert said(*texts) == expected


def test_markers_are_read_for_the_targets() -> None:
    expected = ["r.txt:2 tool==1.0 conflicts with kit 2.0, which needs tool>=2"]
    assert said("kit==2.0", "tool==1.0", pythons=("3.10", "3.12")) == expected
    assert said("kit==2.0", "tool==1.0", pythons=("3.11",)) == []


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["kit==2.0", "dsl==4.5.0"], {}),
        # the newest patch of the lowest series that is allowed
        (["kit==2.0", "dsl==4.4.2"], {"dsl": "4.5.2"}),
        (["kit==2.0", "dsl==4.4.2", "dsl<4.5.2"], {"dsl": "4.5.0"}),
        # quack pins dsl exactly: a chain of three
        (["kit==2.0", "dsl==4.4.2", "quack==0.3"], {"dsl": "4.5.2", "quack": "0.5"}),
        (["kit==3.0", "dsl==4.4.2"], {"dsl": "4.6.2a1"}),
        (["kit==2.0", "engine==0.20"], {"engine": "0.22"}),
        (["kit==1.0", "engine==0.22"], {"engine": "0.20"}),
        (["kit==4.0", "dsl==4.4.2"], None),
        (["kit==2.0", "dsl>=4.4,<4.5"], None),
        (["kit==3.0", "engine==0.20"], None),
    ],
)
def test_proposals(texts: list[str], expected: dict[str, str] | None) -> None:
    found = propose([stated(*texts)], ["kit"], Known(), ENVIRONMENTS)
    assert (None if found is None else {name: str(version) for name, version in found.items()}) == expected


def test_a_proposal_holds_in_every_set() -> None:
    sets = [stated("kit==2.0", "dsl==4.4.2"), stated("dsl==4.4.2", "quack==0.3", "dsl<4.5.1")]
    found = propose(sets, ["kit"], Known(), ENVIRONMENTS)
    assert found == {"dsl": Version("4.5.0"), "quack": Version("0.4")}
    assert propose([*sets, stated("dsl<4.5")], ["kit"], Known(), ENVIRONMENTS) is None


def test_who_asks_for_a_member_moves_before_what_it_asks_for() -> None:
    found = propose([stated("dsl==4.4.2", "kit==2.0", "server==0.1")], ["kit"], Known(), ENVIRONMENTS)
    assert found == {"server": Version("0.2"), "dsl": Version("4.5.0")}


def test_what_an_extra_asks_for_again_is_one_conflict() -> None:
    assert said("kit==2.0", "twice[x]==1.0") == ["r.txt:1 kit==2.0 conflicts with twice 1.0, which needs kit>=9"]


@pytest.mark.parametrize(
    ("version", "candidates", "expected"),
    [
        ("4.4", ["4.5.0", "4.5.2", "4.6"], "4.5.2"),
        ("4.5.1", ["4.5.0", "4.5.2", "4.6"], "4.5.2"),
        ("5.0", ["4.5.0", "4.6"], "4.6"),
        ("5.0", [], None),
    ],
)
def test_nearest(version: str, candidates: list[str], expected: str | None) -> None:
    found = nearest(Version(version), map(Version, candidates))
    assert found == (None if expected is None else Version(expected))


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("kit==1.0", "1.0"),
        ("kit===1.0", "1.0"),
        ("kit==1.0+cu130", "1.0"),
        ("kit==1.*", None),
        ("kit>=1.0", None),
        ("kit==1.0,!=2", None),
        ("kit", None),
    ],
)
def test_exact_versions(text: str, version: str | None) -> None:
    assert exact_version(Requirement(text).specifier) == (None if version is None else Version(version))


def test_shown() -> None:
    assert shown(Requirement("Kit[b,a]>=1 ; python_version < '4'")) == "Kit[a,b]>=1"


BREAKAGE = Breakage("kit", Requirement("x>=1,<3").specifier, Requirement("dsl>=4.6"), "it does not compile")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["kit==2.0"], ["kit 2.0 breaks with dsl>=4.6: it does not compile; nothing here excludes 4.8.1"]),
        (["kit==2.0", "dsl>=4.5"], ["kit 2.0 breaks with dsl>=4.6: it does not compile; nothing here excludes 4.8.1"]),
        (["kit==2.0", "dsl>=4.5,<4.6"], []),
        (["kit==2.0", "dsl==4.5.2"], []),
        (
            ["kit==2.0", "dsl==4.8.1"],
            ["kit 2.0 breaks with dsl>=4.6: it does not compile; nothing here excludes 4.8.1"],
        ),
        (["kit==2.0", "quack==0.5"], []),
        (
            ["kit==2.0", "dsl<4.7; sys_platform == 'win32'"],
            ["kit 2.0 breaks with dsl>=4.6: it does not compile; nothing here excludes 4.8.1"],
        ),
        (["kit==2.0; sys_platform == 'win32'", "dsl"], []),
        (["kit==3.0"], []),
        (["kit>=2.0"], []),
        (["tool==1.0"], []),
    ],
)
def test_open_floors(texts: list[str], expected: list[str]) -> None:
    assert [note.message for note in open_floors(stated(*texts), Known(), [BREAKAGE], ENVIRONMENTS)] == expected
