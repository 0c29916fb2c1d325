"""The entry that a bisection proposes for the data of known breakages: only what was tried is in its range."""

from __future__ import annotations

import pytest

from fi_bump.bisection.known_bad import entry_of
from fi_bump.bisection.model import Bisection, Candidate, Judgement, Question, Tried

MAIN = "flashinfer-python"
RELEASES = ("0.6.0", "0.6.1", "0.6.2", "0.6.3", "0.6.4", "0.6.5")
JUDGEMENTS: dict[str, Judgement] = {"g": "good", "b": "bad", "s": "skip"}


def searched(judgements: str, *, repaired: bool = False) -> Bisection:
    """Return a bisection in which each release was judged (g, b, s) or not tried (.)."""
    versions = RELEASES[::-1] if repaired else RELEASES
    question = Question(
        group="flashinfer",
        main=MAIN,
        version="0.6.4",
        package=MAIN,
        good=versions[0],
        bad=versions[-1],
        command="make smoke",
    )
    tried = tuple(
        Tried(version, JUDGEMENTS[letter], "exit code 1" if letter == "b" else None, 1.0, {})
        for version, letter in zip(versions, judgements, strict=True)
        if letter != "."
    )
    return Bisection(question, tuple(map(Candidate, versions)), (), tried)


@pytest.mark.parametrize(
    ("judgements", "versions"),
    [
        (".gb...", "==0.6.2"),  # 0.6.5 was only said to be bad
        (".gbb..", ">=0.6.2,<=0.6.3"),
        (".gb.b.", "==0.6.2"),  # what lies between two bad ones may be good
        (".gbs.b", "==0.6.2"),
        ("ggbbbb", ">=0.6.2,<=0.6.5"),  # as the joined parts of a run on several machines
    ],
)
def test_its_range_has_nothing_that_was_not_tried(judgements: str, versions: str) -> None:
    reason = f"`make smoke` fails there, and not with {MAIN} 0.6.1: exit code 1"
    assert entry_of(searched(judgements)) == {"package": MAIN, "versions": versions, "reason": reason}


@pytest.mark.parametrize(("judgements", "versions"), [(".gb...", "==0.6.3"), (".gbbb.", ">=0.6.1,<=0.6.3")])
def test_nor_when_the_release_that_repaired_it_was_looked_for(judgements: str, versions: str) -> None:
    reason = f"`make smoke` fails there, and not with {MAIN} 0.6.4: exit code 1"
    assert entry_of(searched(judgements, repaired=True)) == {"package": MAIN, "versions": versions, "reason": reason}


@pytest.mark.parametrize("judgements", ["b....b", "g....g", ".gs.b.", ".gbg.b"])
def test_there_is_none_if_no_release_was_found(judgements: str) -> None:
    assert entry_of(searched(judgements)) is None
