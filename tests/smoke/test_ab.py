"""A/B runs of two releases with fake interpreters: who runs when and where, what differs, and the verdict."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import pytest

from fi_bump.smoke import session as session_module
from fi_bump.smoke.ab import ab_probe, estimated, worst
from fi_bump.smoke.ab_model import Estimate
from fi_bump.smoke.environment import EnvironmentRequest, Maker
from fi_bump.smoke.model import ProbeReport
from tests.conftest import NEW, OLD, Result, Run, plant
from tests.report.smoke.test_reports import VALIDATOR
from tests.smoke.fakes import B200, H200, METRICS, fake_python

MOE = "mxfp4-sm90-interleave"
# The time of round N of the locked release is 2.0 + N / 100, that of the other one half of it.
TIMES = """
number = int(sys.argv[2].split('round-')[1].split('/')[0])
is_locked = request['version'] == '0.6.8.post1'
factor = 2.0 if is_locked else 1.0
answer('pass', kernel_us=factor * (100 + number), same_us=100.0 + (number * 7919 + is_locked * 31) % 5,
       layout='legacy' if is_locked else 'interleaved', worst_token=0.0040 if is_locked else 0.0052,
       overall=0.004 + number / 1e6, compile_seconds=(90.0 if is_locked else 60.0) if number == 1 else 0.1)
"""


class Ab:
    """Run `smoke --ab` with fake environments; `log` has a line for each run of a probe."""

    def __init__(self, run: Run, engine: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._run, self.engine, self.folder = run, engine, folder
        self.probes: dict[str, str] = {MOE: TIMES}
        self.metrics: dict[str, Any] = METRICS
        self.asked: list[tuple[str, ...]] = []
        self.log = folder / "log"
        outer = self

        class Made(Maker):
            def make(self, wanted: EnvironmentRequest) -> str:
                outer.asked.append(wanted.requirements)
                version = next(
                    each for each in wanted.requirements if each.startswith("flashinfer-python==")
                ).partition("==")[2]
                return outer.python(version)

        monkeypatch.setattr(session_module, "Maker", Made)

    def python(self, version: str) -> str:
        """Make the interpreter of a release, which notes each of its runs."""
        note = (
            "import time\n"
            f"file = open({str(self.log)!r}, 'a'); file.write(f\"{version} {{os.environ.get('CUDA_VISIBLE_DEVICES')}}\\n\"); "
            "file.close()\n"
        )
        probes = {name: note + source for name, source in self.probes.items()}
        packages = {**self.metrics["packages"], "flashinfer-python": version}
        return fake_python(self.folder / version, probes, {**self.metrics, "packages": packages})

    def __call__(self, *arguments: str) -> Result:
        cache = str(self.folder / "cache")
        only = () if "--only" in arguments else ("--only", MOE)
        return self._run(self.engine, "smoke", "--ab", NEW, "--cache", cache, *only, *arguments)

    def json(self, *arguments: str) -> tuple[int, Any]:
        """Return the exit code and the report, after validating it against its schema."""
        result = self(*arguments, "--format", "json")
        report = json.loads(result.out)
        VALIDATOR.validate(report)
        return result.code, report["result"]

    @property
    def runs(self) -> list[str]:
        """Which release ran on which card, in order."""
        return self.log.read_text().split("\n")[:-1]


@pytest.fixture
def ab(run: Run, engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ab:
    return Ab(run, engine, tmp_path, monkeypatch)


@pytest.mark.slow
def test_the_differences_that_matter_come_first(ab: Ab) -> None:
    result = ab()
    lines = result.out.split("\n")
    start = lines.index(next(line for line in lines if "beside 0.6.11.post2, in turn" in line))
    assert lines[start:] == [
        "0.6.8.post1 (locked) beside 0.6.11.post2, in turn, 3 rounds, on 0: NVIDIA H200",
        "the same beside both: torch==2.11.0",
        "mxfp4-sm90-interleave error worst_token: 0.004 beside 0.0052, every round apart",
        "mxfp4-sm90-interleave layout: legacy beside interleaved, in every round",
        "mxfp4-sm90-interleave time kernel_us: 204 (202 to 206) beside 102 (101 to 103), 2 times (2 to 2, 95 %)",
        "mxfp4-sm90-interleave compile time compile_seconds: 90 beside 60, 1.5 times",
        "3 other numbers that do not differ by more than the rounds do",
        f"flashinfer {OLD}: ok",
        "",
    ]
    assert result.code == 0


@pytest.mark.slow
def test_the_releases_take_turns_and_the_first_changes(ab: Ab) -> None:
    ab("--repeat", "4")
    assert [line.split()[0] for line in ab.runs] == [OLD, NEW, NEW, OLD, OLD, NEW, NEW, OLD]
    # Both have the same torch, although nothing pins it.
    assert [asked[-1] for asked in ab.asked] == [f"flashinfer-python=={OLD}", "torch==2.11.0"]


@pytest.mark.slow
def test_two_cards_of_one_kind_are_swapped(ab: Ab) -> None:
    other = {**H200, "index": 1, "uuid": "GPU-2222"}
    ab.metrics = {**METRICS, "devices": [H200, other]}
    code, report = ab.json("--devices", "0,1")
    assert code == 0
    assert report["ab"]["cards"] == ["0: NVIDIA H200", "1: NVIDIA H200"]
    # Both run at once, so the order of two lines is not known.
    rounds = [sorted(ab.runs[place : place + 2]) for place in range(0, 6, 2)]
    straight = [f"{NEW} GPU-2222", f"{OLD} GPU-0000"]
    assert rounds == [straight, [f"{NEW} GPU-0000", f"{OLD} GPU-2222"], straight]


def test_cards_of_two_kinds_are_refused(ab: Ab) -> None:
    ab.metrics = {**METRICS, "devices": [H200, B200]}
    result = ab("--devices", "0,1")
    assert (result.code, result.err.split("\n")[-3:]) == (
        2,
        [
            "fi-bump: --ab compares on cards of one kind, and --devices names 0 (NVIDIA H200), 1 (NVIDIA B200)",
            "help: name devices of one kind, or one device",
            "",
        ],
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("locked", "other", "code", "problem"),
    [
        ("answer('pass')", "answer('fail', 'wrong')", 0, None),
        ("answer('fail', 'wrong')", "answer('pass')", 1, f"{MOE} failed: wrong"),
        # What the other release has too is no fault of the bump.
        ("answer('fail', 'wrong')", "answer('fail', 'wrong too')", 0, None),
        (
            "answer('fail', 'hot') if 'round-2' in sys.argv[2] else answer('pass')",
            "answer('pass')",
            1,
            f"{MOE} failed: in 1 of 3 rounds: hot",
        ),
    ],
)
def test_the_verdict(locked: str, other: str, code: int, problem: str | None, ab: Ab) -> None:
    ab.probes = {MOE: f"if request['version'] == {OLD!r}:\n    {locked}\nelse:\n    {other}"}
    ended, report = ab.json()
    assert ended == code
    assert [each["message"] for each in report["problems"]] == ([problem] if problem else [])


CASES = """
report = next(each.partition('=')[2] for each in sys.argv if each.startswith('--junitxml='))
number = int(report.split('round-')[1].split('/')[0])
is_locked = '-0.6.8.post1-' in report
def case(name, bad, seconds):
    said = '<failure message="ValueError: 3"/>' if bad else ''
    return f'<testcase classname="tests.test_x" name="{name}" time="{seconds}">{said}</testcase>'
cases = [case('test_new', is_locked, 1), case('test_old', True, 1), case('test_flaky', number == 2, 1), case('test_a', False, 1)]
open(report, 'w').write(f"<testsuite>{''.join(cases)}</testsuite>")
sys.exit(1)
"""


@pytest.mark.slow
def test_engine_tests_are_compared_over_all_rounds(ab: Ab) -> None:
    plant(ab.engine, {"tests/test_x.py": b""})
    ab.probes = {"pytest": CASES}
    code, report = ab.json("--only", "environment", "--pytest", "tests/test_x.py")
    kinds = {each["case"]: each["kind"] for each in report["ab"]["cases"]}
    assert kinds == {
        "tests.test_x::test_new": "new-failure",
        "tests.test_x::test_old": "known-failure",
        "tests.test_x::test_flaky": "flaky",
    }
    assert code == 1
    (problem,) = report["problems"]
    assert problem["message"].startswith(
        "1 test is worse than in the baseline, of 4 in this run; first tests.test_x::test_new"
    )


@pytest.mark.slow
def test_what_cannot_be_compared_is_no_difference(ab: Ab) -> None:
    ab.probes = {MOE: "answer('pass', kernel_us=0.0, other_us=1.0, tokens=3)"}
    _, report = ab.json("--repeat", "2")
    (probe,) = report["ab"]["probes"]
    values = {each["metric"]: each for each in probe["values"]}
    assert values["kernel_us"]["estimate"] is None
    assert values["other_us"]["estimate"] == {"ratio": 1.0, "low": None, "high": None}
    assert not any(each["differs"] for each in probe["values"] if each["metric"] != "seconds")
    assert "times have no interval: three rounds (--repeat 3) would give one\n" in ab("--repeat", "2").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--against", NEW),
            "--ab makes an environment for each of two releases, so it cannot be used with --python or --against\n"
            "help: leave out --python and --against",
        ),
        (
            ("--sweep", "torch"),
            "--ab cannot be used with --baseline or --sweep: the other release is the baseline\n"
            "help: leave out --baseline and --sweep",
        ),
    ],
)
def test_what_goes_with_no_ab(arguments: tuple[str, ...], message: str, ab: Ab) -> None:
    result = ab(*arguments)
    assert (result.code, result.out, result.err, ab.asked) == (2, "", f"fi-bump: {message}\n", [])


def test_options_that_need_an_ab(run: Run, engine: Path) -> None:
    result = run(engine, "smoke", "--repeat", "3")
    assert (result.code, result.err) == (2, "fi-bump: --repeat needs --ab\nhelp: add --ab VERSION\n")
    result = run(engine, "smoke", "--ab", OLD)
    assert (result.code, result.err) == (
        2,
        f"fi-bump: --ab names {OLD}, which is the locked version\nhelp: name another release\n",
    )
    result = run(engine, "smoke", "--shard", "1/2")
    assert result.err.startswith("fi-bump: --shard needs --sweep or --ab: ")


def test_the_interval_is_that_of_students_t() -> None:
    # Ratios 1.1, 1.2, 1.3: the mean of the logarithms is 0.18, their standard deviation 0.0836, t with 2 degrees 4.303.
    found = estimated([1.1, 1.2, 1.3], [1.0, 1.0, 1.0])
    assert found == Estimate(1.1972, 0.9728, 1.4734)
    assert not found.differs
    assert estimated([2.0, 2.0, 2.0], [1.0, 1.0, 1.0]) == Estimate(2.0, 2.0, 2.0)
    assert estimated([2.0], [1.0]) == Estimate(2.0)
    assert estimated([2.0, 0.0], [1.0, 1.0]) is None


@pytest.mark.parametrize("rounds", [3, 5, 10])
def test_the_interval_has_the_true_ratio_in_95_of_100_runs(rounds: int) -> None:
    source = random.Random(rounds)
    inside = 0
    for _ in range(2000):
        pairs = [(1.2 * math.exp(source.gauss(0, 0.05)), math.exp(source.gauss(0, 0.05))) for _ in range(rounds)]
        found = estimated(*zip(*pairs, strict=True))
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= 1.2 <= found.high
    assert 0.935 <= inside / 2000 <= 0.965


def test_errors_differ_only_if_every_round_is_apart() -> None:
    def rounds(*errors: float) -> list[ProbeReport]:
        return [ProbeReport("p", "pass", None, 1.0, {"worst_token": each}) for each in errors]

    apart = ab_probe(rounds(0.004, 0.005), rounds(0.006, 0.007))
    assert [value.differs for value in apart.values if value.kind == "error"] == [True]
    mixed = ab_probe(rounds(0.004, 0.0065), rounds(0.006, 0.007))
    assert [value.differs for value in mixed.values if value.kind == "error"] == [False]


def test_the_versions_of_the_releases_themselves_are_no_difference() -> None:
    def rounds(**metrics: Any) -> list[ProbeReport]:
        return [ProbeReport("environment", "pass", None, 1.0, metrics) for _ in range(3)]

    locked = rounds(
        installed={"python": "0.6.11.post2", "jit": "0.6.11.post2+cu130", "cubin": "0.6.8.post1"}, layout="x"
    )
    other = rounds(installed={"python": "0.6.8.post1", "jit": "0.6.8.post1+cu130", "cubin": "0.6.8"}, layout="y")
    found = ab_probe(locked, other, ("0.6.11.post2", "0.6.8.post1")).texts
    # A member at the version of neither release is named, as everything else that differs.
    assert [each.metric for each in found] == ["installed.cubin", "layout"]


def test_the_worst_round_counts() -> None:
    rounds = [
        ProbeReport("p", "pass", None, 1.0, {"a": 1}),
        ProbeReport("p", "fail", "x", 2.0, {"a": 2}),
        ProbeReport("p", "pass", None, 3.0, {"a": 3}),
    ]
    assert worst(rounds) == ProbeReport("p", "fail", "in 1 of 3 rounds: x", 2.0, {"a": 2})
    assert worst(rounds[::2]) == ProbeReport("p", "pass", None, 2.0, {"a": 3})


@pytest.mark.slow
def test_the_table_is_in_the_pull_requests_body_before_the_probes(ab: Ab, run: Run, tmp_path: Path) -> None:
    report, lock = tmp_path / "smoke.json", tmp_path / "earlier.lock.json"
    ab("--output", str(report))
    lock.write_bytes((ab.engine / "versions.lock.json").read_bytes().replace(OLD.encode(), b"0.6.7"))
    body = run(ab.engine, "pr-body", "--from-lock", str(lock), "--smoke", str(report), "--offline").out
    place = body.index("| probe | what differs | 0.6.8.post1 (locked) | 0.6.11.post2 | how sure |")
    assert body.index("#### flashinfer 0.6.8.post1: ok") < place < body.index("| probe | outcome | time | reason |")
    assert "| mxfp4-sm90-interleave | error worst\\_token | 0.004 | 0.0052 | every round apart |\n" in body
    assert "| mxfp4-sm90-interleave | layout | legacy | interleaved | in every round |\n" in body
