"""Parts of a run on several machines, and what becomes of them: joined, or a hole with a name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fi_bump.errors import UsageError
from fi_bump.report.json.smoke import smoke_json
from fi_bump.smoke.model import RepositoryPin, SmokeReport, Sweep, SweptRelease
from fi_bump.smoke.shard import Part, Shard, parse_shard
from tests.conftest import OLD, Result, Run
from tests.report.smoke.test_reports import VALIDATOR
from tests.smoke.fakes import TARGET
from tests.smoke.test_ab import MOE, Ab

DSL = "nvidia-cutlass-dsl"
PLAN = ("4.5.0", "4.5.2", "4.6.0", "4.6.1", "4.7.0")
OUTCOMES = {"4.5.0": "compiled", "4.5.2": "compiled", "4.6.0": "fail", "4.6.1": "fail", "4.7.0": "fail"}
# Used by fixtures of other modules.
__all__ = ["ab"]


@pytest.fixture
def ab(run: Run, engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ab:
    return Ab(run, engine, tmp_path, monkeypatch)


def test_every_thing_is_in_one_part() -> None:
    for count in range(12):
        for of in range(1, 6):
            places = [place for number in range(1, of + 1) for place in Shard(number, of).part(count)]
            assert sorted(places) == list(range(count))


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "1/0", "a/b", "1/2/3", "-1/2"])
def test_what_is_no_part(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_shard(text)
    assert str(caught.value) == f"'{text}' does not name a part of a run"


def part_of_sweep(number: int, of: int = 3, plan: tuple[str, ...] = PLAN, pinned: str = "4.5.2") -> SmokeReport:
    """Return the report of one part of a sweep."""
    own = [plan[place] for place in Shard(number, of).part(len(plan))]
    releases = tuple(SweptRelease(each, OUTCOMES[each], None if each < "4.6" else "no make_fragment") for each in own)
    pins = (RepositoryPin("a.txt:1:1", pinned, False), RepositoryPin("b.txt:1:1", ">=4.5", False))
    swept = Sweep(DSL, ">=4.5.0", releases, None, pins)
    return SmokeReport(
        ok=True,
        group="flashinfer",
        version=OLD,
        target=TARGET,
        required=(),
        problems=(),
        probes=(),
        sweep=swept,
        part=Part(number, of, plan),
    )


def left(folder: Path, *reports: SmokeReport) -> str:
    """Write reports as an artifact of each job; return the folder."""
    for place, report in enumerate(reports):
        path = folder / f"job-{place}" / "report.json"
        path.parent.mkdir(parents=True)
        path.write_text(smoke_json(report))
    return str(folder)


def merge(run: Run, engine: Path, folder: str, *arguments: str) -> tuple[Result, Any]:
    result = run(engine, "smoke", "--merge", folder, *arguments, "--format", "json")
    document = json.loads(result.out)
    if document["command"] == "smoke":
        VALIDATOR.validate(document)
    return result, document["result"]


def test_a_sweep_in_three_parts(run: Run, engine: Path, tmp_path: Path) -> None:
    folder = left(tmp_path / "parts", *(part_of_sweep(number) for number in (3, 1, 2)))
    result, document = merge(run, engine, folder)
    assert [each["version"] for each in document["sweep"]["releases"]] == list(PLAN)
    assert document["sweep"]["range"] == f"{DSL}>=4.5.0,<4.6"
    assert [(pin["place"], pin["inside"]) for pin in document["sweep"]["pins"]] == [
        ("a.txt:1:1", True),
        ("b.txt:1:1", False),
    ]
    assert (result.code, document["part"]) == (1, None)
    assert [each["message"] for each in document["problems"]] == [f"b.txt:1:1: {DSL} >=4.5 is not in {DSL}>=4.5.0,<4.6"]


def test_a_lost_part_is_a_hole_with_a_name(run: Run, engine: Path, tmp_path: Path) -> None:
    folder = left(tmp_path / "parts", part_of_sweep(1), part_of_sweep(3))
    result, document = merge(run, engine, folder)
    assert result.code == 1
    assert document["problems"][0]["message"] == ("part 2/3 left no report, so these were not tried: 4.5.2, 4.7.0")
    lost = [each for each in document["sweep"]["releases"] if each["outcome"] == "not-run"]
    assert [(each["version"], each["reason"]) for each in lost] == [
        ("4.5.2", "part 2/3 left no report"),
        ("4.7.0", "part 2/3 left no report"),
    ]
    # No release that was not tried is in the range.
    assert document["sweep"]["range"] == f"{DSL}>=4.5.0,<4.5.2"


def test_a_run_with_more_parts_than_things(run: Run, engine: Path, tmp_path: Path) -> None:
    plan = ("4.5.0", "4.5.2")
    folder = left(tmp_path / "parts", part_of_sweep(1, 3, plan), part_of_sweep(2, 3, plan))
    result, document = merge(run, engine, folder)
    assert result.code == 1
    assert document["problems"][0]["message"] == "part 3/3 left no report, so it had nothing to try"


@pytest.mark.parametrize(
    ("reports", "place", "message"),
    [
        (
            (part_of_sweep(1), part_of_sweep(1)),
            "job-1/report.json",
            "part 1/3 is there twice, also in {folder}/job-0/report.json",
        ),
        (
            (part_of_sweep(1), part_of_sweep(2, 4)),
            "job-1/report.json",
            "this part is of another run than {folder}/job-0/report.json: they divide other things, or into other parts",
        ),
        (
            (part_of_sweep(1), part_of_sweep(2)._replace(version="0.6.9")),
            "job-1/report.json",
            "this report is of another run than {folder}/job-0/report.json",
        ),
        (
            (part_of_sweep(1), part_of_sweep(2)._replace(part=None)),
            "job-1/report.json",
            "this is the report of a whole run, not of a part",
        ),
    ],
)
def test_what_does_not_belong_together(
    reports: tuple[SmokeReport, ...], place: str, message: str, run: Run, engine: Path, tmp_path: Path
) -> None:
    folder = left(tmp_path / "parts", *reports)
    result, document = merge(run, engine, folder)
    assert document is None
    assert result.code in (2, 3)
    assert result.err.split("\n")[0] == f"{folder}/{place}: {message.format(folder=folder)}"


def test_files_that_are_no_parts(run: Run, engine: Path, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    result, _ = merge(run, engine, str(folder))
    assert (result.code, result.err.split("\n")[0]) == (3, f"{folder}: is not a folder")
    folder.mkdir()
    result, _ = merge(run, engine, str(folder))
    assert (result.code, result.err.split("\n")[0]) == (3, f"{folder}: there is no JSON report in this folder")
    (folder / "a.json").write_text('{"schema": 1')
    result, _ = merge(run, engine, str(folder))
    assert (result.code, result.err.split("\n")[0]) == (3, f"{folder}/a.json: this file is not JSON")
    (folder / "a.json").write_text('{"schema": 1}')
    result, _ = merge(run, engine, str(folder))
    assert (result.code, result.err.split("\n")[0]) == (3, f"{folder}/a.json: this file is not a smoke report")
    result, _ = merge(run, engine, str(folder), "--only", "environment")
    assert (result.code, result.err) == (
        2,
        "fi-bump: --merge runs nothing, so it can only be used with --format and --output\n"
        "help: leave out the other options\n",
    )


@pytest.mark.slow
def test_a_part_of_an_ab_and_all_of_them(ab: Ab, run: Run, engine: Path, tmp_path: Path) -> None:
    probes = ("--only", MOE, "--only", "environment", "--only", "fp4-scale-contract")
    folder = tmp_path / "parts"
    folder.mkdir()
    for number in (1, 2):
        result = ab(*probes, "--shard", f"{number}/2", "--output", str(folder / f"{number}.json"))
        assert result.code == 0
        assert f"part {number}/2 of a run: join the parts with fi-bump smoke --merge DIR\n" in result.out
    parts = [json.loads((folder / f"{number}.json").read_text())["result"] for number in (1, 2)]
    assert [[probe["name"] for probe in part["probes"]] for part in parts] == [
        ["environment", "fp4-scale-contract"],
        [MOE],
    ]
    result, document = merge(run, engine, str(folder))
    assert (result.code, document["ok"], document["part"]) == (0, True, None)
    assert [each["name"] for each in document["ab"]["probes"]] == ["environment", "fp4-scale-contract", MOE]
    assert document["required"] == ["environment", "fp4-scale-contract", MOE]
    (folder / "2.json").unlink()
    result, document = merge(run, engine, str(folder))
    assert (result.code, [each["message"] for each in document["problems"]]) == (
        1,
        [f"part 2/2 left no report, so these were not tried: {MOE}"],
    )


def test_a_part_is_no_report_for_a_pull_request(run: Run, engine: Path, tmp_path: Path) -> None:
    report = tmp_path / "part.json"
    report.write_text(smoke_json(part_of_sweep(1)))
    result = run(engine, "pr-body", "--smoke", str(report), "--offline")
    assert (
        f"{report}: this report is part 1/3 of a run\nhelp: join the parts with fi-bump smoke --merge DIR" in result.err
    )
