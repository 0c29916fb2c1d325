"""Which files are one run, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fi_bump.compare.cases import CaseResult
from fi_bump.compare.runs import Damaged, SuiteRun, gather, matching
from fi_bump.errors import FiBumpError, UsageError
from tests.compare.simulated import xml

PASS = CaseResult("pass", 1.0)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plant(*paths: str, cases: int = 2) -> None:
    """Files with cases of their own."""
    for path in paths:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        Path(path).write_bytes(xml({f"{path}::{number}": PASS for number in range(cases)}))


def runs(*patterns: str, retried: bool = False) -> list[SuiteRun]:
    return gather("--run", patterns, lambda text: None, retried=retried)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a/1.xml", [("a/1.xml", ["a/1.xml"])]),
        ("a/*.xml", [("a/*.xml", ["a/1.xml", "a/2.xml"])]),
        ("a/?.xml", [("a/?.xml", ["a/1.xml", "a/2.xml"])]),
        ("a/[!1].xml", [("a/[!1].xml", ["a/2.xml"])]),
        ("a/[12].xml", [("a/[12].xml", ["a/1.xml", "a/2.xml"])]),
        ("a", [("a", ["a/1.xml", "a/2.xml", "a/deep/er/3.xml"])]),
        ("a/", [("a/", ["a/1.xml", "a/2.xml", "a/deep/er/3.xml"])]),
        ("a/**/3.xml", [("a/**/3.xml", ["a/deep/er/3.xml"])]),
        ("**/*.xml", [("**/*.xml", ["a/1.xml", "a/2.xml", "a/deep/er/3.xml", "b-1/x.xml", "b-2/x.xml", "b-2/y.xml"])]),
        ("a/{run}.xml", [("1", ["a/1.xml"]), ("2", ["a/2.xml"])]),
        ("b-{run}/*.xml", [("1", ["b-1/x.xml"]), ("2", ["b-2/x.xml", "b-2/y.xml"])]),
        (
            "{run}/{suite}.xml",
            [("a", ["a/1.xml", "a/2.xml"]), ("b-1", ["b-1/x.xml"]), ("b-2", ["b-2/x.xml", "b-2/y.xml"])],
        ),
        ("*-{run}/{suite}.xml", [("1", ["b-1/x.xml"]), ("2", ["b-2/x.xml", "b-2/y.xml"])]),
    ],
)
def test_the_files_of_a_pattern(pattern: str, expected: list[tuple[str, list[str]]]) -> None:
    plant("a/1.xml", "a/2.xml", "a/deep/er/3.xml", "a/notes.txt", "b-1/x.xml", "b-2/x.xml", "b-2/y.xml")
    assert [(run.name, list(run.files)) for run in runs(pattern)] == expected


def test_a_placeholder_that_stands_twice_is_one_text() -> None:
    plant("b-1/x-1.xml", "b-1/x-2.xml", "b-2/x-2.xml")
    assert [(each.path, each.run) for each in matching("b-{run}/x-{run}.xml")] == [
        ("b-1/x-1.xml", "1"),
        ("b-2/x-2.xml", "2"),
    ]


def test_a_name_with_brackets_is_a_file() -> None:
    plant("report[1].xml")
    assert [each.path for each in matching("report[1].xml")] == ["report[1].xml"]


def test_shards_are_one_run() -> None:
    plant("s/1.xml", "s/2.xml", cases=3)
    (run,) = runs("s/*.xml")
    assert (len(run.cases), run.seconds, run.damaged, run.ignored) == (6, 6.0, (), ())


def test_a_suite_keeps_the_cases_of_machines_apart() -> None:
    for name, case in (("h100", PASS), ("b200", CaseResult("fail", 1.0, "m", failed=1))):
        Path(f"{name}.xml").write_bytes(xml({"a::b": case}))
    (run,) = runs("{suite}.xml")
    assert {key: case.outcome for key, case in run.cases.items()} == {"b200 a::b": "fail", "h100 a::b": "pass"}


def test_the_same_cases_twice_in_one_run_are_refused() -> None:
    for name in ("1.xml", "2.xml"):
        Path(name).write_bytes(xml({f"a::{number}": PASS for number in range(4)}))
    with pytest.raises(UsageError) as caught:
        runs("*.xml")
    assert (caught.value.place, caught.value.message) == (
        "2.xml",
        "4 of its 4 cases are in another file of the same run too",
    )
    assert caught.value.hint == (
        "in the pattern of --run write {run} for the part of the path that tells runs apart, {suite} for the part that "
        "tells machines apart; or add --retried if a job was run again"
    )
    assert [len(run.cases) for run in runs("{run}.xml")] == [4, 4]
    (retried,) = runs("*.xml", retried=True)
    assert {case.executions for case in retried.cases.values()} == {2}


def test_a_job_that_was_run_again() -> None:
    failed = CaseResult("fail", 1.0, "m", failed=1)
    Path("1.xml").write_bytes(xml({"a::b": failed, "a::c": failed}))
    Path("2.xml").write_bytes(xml({"a::b": PASS, "a::c": failed}))
    (run,) = runs("*.xml", retried=True)
    assert {key: (case.outcome, case.failed) for key, case in run.cases.items()} == {
        "a::b": ("pass", 1),
        "a::c": ("fail", 2),
    }


def test_files_that_end_early_and_files_of_another_kind() -> None:
    plant("1.xml")
    Path("2.xml").write_bytes(Path("1.xml").read_bytes().replace(b"1.xml", b"2.xml")[:-30])
    Path("3.xml").write_bytes(b"")
    Path("coverage.xml").write_bytes(b"<coverage/>")
    (run,) = runs("*.xml")
    assert run.damaged == (Damaged("2.xml", run.damaged[0].reason), Damaged("3.xml", "is empty"))
    assert run.damaged[0].reason.endswith(": no element found") or "unclosed token" in run.damaged[0].reason
    assert run.ignored == ("coverage.xml",)
    assert set(run.cases) >= {"1.xml::0", "1.xml::1", "2.xml::0"}


@pytest.mark.parametrize(
    ("pattern", "content", "error", "message", "place"),
    [
        ("no/*.xml", None, UsageError, "no file is there for this pattern", "no/*.xml"),
        ("x.xml", b"<html></html>", FiBumpError, "is no JUnit XML", "x.xml"),
        ("x.xml", b"<testsuites/>", FiBumpError, "holds no test case", "x.xml"),
    ],
)
def test_what_is_no_run(
    pattern: str, content: bytes | None, error: type[FiBumpError], message: str, place: str
) -> None:
    if content is not None:
        Path("x.xml").write_bytes(content)
    with pytest.raises(error) as caught:
        runs(pattern)
    assert type(caught.value) is error
    assert (caught.value.place, caught.value.message) == (place, message)
    assert caught.value.hint == "name the JUnit files of one run: --run 'FOLDER/*.xml'"
