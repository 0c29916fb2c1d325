"""Tests of the model: places, fingerprints, and text that can be encoded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fi_bump.findings.rules import Rule
from fi_bump.pins import Place
from fi_bump.report.findings.model import Related, fingerprints, shown
from fi_bump.report.findings.source_lines import Lines
from tests.conftest import Run, plant
from tests.report.samples import BROKEN, report, result


def test_lines_end_as_in_a_source(tmp_path: Path) -> None:
    data = "\ufeffone\r\ntwo\x0cthree\u2028four\n".encode() + b"\xff five"
    plant(tmp_path, {"a.txt": data, "empty.txt": b""})
    lines = Lines(str(tmp_path))
    texts = [lines.read(Place("a.txt", number)).text for number in (1, 2, 3, 4)]
    assert texts == ["one", "two\x0cthree\u2028four", "\ufffd five", None]
    assert lines.read(Place("empty.txt")).text is None
    assert lines.read(Place("gone.txt")).text is None
    assert lines.read(Place("a.txt", 2, 1, 4)) == Place("a.txt", 2, 1, 4, "two\x0cthree\u2028four")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (Place("a.txt", 2, 6, 9), "a.txt:2:6"),
        (Place("a.txt", 2), "a.txt:2"),
        (Place("\udcff.txt"), "\ufffd.txt:1"),
    ],
)
def test_a_place_in_words(place: Place, expected: str) -> None:
    assert shown(place) == expected


def test_below_a_folder() -> None:
    related = (Related(Place("b.txt"), "there"),)
    made = report(result(related=related))
    assert made.below("") is made
    (moved,) = made.below("sub/dir").results
    assert moved == result("sub/dir/a.txt", related=(Related(Place("sub/dir/b.txt"), "there"),))


def test_fingerprints_of_equal_results_differ() -> None:
    marks = fingerprints([result(), result(), result("b.txt"), result(rule=Rule.YANKED), result(key="dsl")])
    assert len(set(marks)) == 5
    assert marks == fingerprints([result(), result(), result("b.txt"), result(rule=Rule.YANKED), result(key="dsl")])
    assert fingerprints([result(message="other words")]) == marks[:1]


@pytest.mark.parametrize("form", ["sarif", "gitlab"])
def test_fingerprints_stay_when_lines_and_versions_move(broken: Path, run: Run, form: str) -> None:
    def marks() -> list[str]:
        document = json.loads(run(broken, "check", "--format", form).out)
        if form == "gitlab":
            return [each["fingerprint"] for each in document]
        return [each["partialFingerprints"]["fiBumpAnchor/v1"] for each in document["runs"][0]["results"]]

    before = marks()
    plant(broken, {name: b"\n\n" + BROKEN[name] for name in ("requirements/hashed.txt", "requirements/range.txt")})
    plant(broken, {"docker/Dockerfile": b"# x\n" + BROKEN["docker/Dockerfile"].replace(b"0.6.6", b"0.6.5")})
    assert marks() == before
    assert len(set(before)) == 7
