"""What becomes of one case, by what the runs say of it."""

from __future__ import annotations

import pytest

from fi_bump.compare.cases import CaseResult, merged
from fi_bump.compare.classify import Judged, classify, weigh
from fi_bump.compare.model import ChangeKind, Seen

# One letter a run: passed, failed with one of two messages, skipped, killed, absent, failed and then passed.
RESULTS = {
    "p": CaseResult("pass", 1.0),
    "f": CaseResult("fail", 1.0, "error 0.1 at 0x7f0011", failed=1),
    "F": CaseResult("fail", 1.0, "error 0.7 at 0x55aa22", failed=1),
    "g": CaseResult("fail", 1.0, "another error", failed=1),
    "s": CaseResult("skip", 0.0, "needs sm_100"),
    "k": CaseResult("fail", 1.0, "exited with 137", "killed", failed=1),
    "-": None,
    "r": CaseResult("pass", 1.0, executions=2, failed=1),
}


def judged(before: str, after: str) -> Judged:
    return Judged.of("a::b", [RESULTS[each] for each in before], [RESULTS[each] for each in after])


@pytest.mark.parametrize(
    ("before", "after", "kind", "detail", "blocks"),
    [
        ("p", "f", ChangeKind.NEW_FAILURE, "passed in the baseline run", True),
        ("ppp", "f", ChangeKind.NEW_FAILURE, "passed in all 3 baseline runs", True),
        ("ppp", "pfp", ChangeKind.NEW_FAILURE, "passed in all 3 baseline runs", True),
        ("-", "f", ChangeKind.NEW_FAILURE, "a new case that fails", True),
        ("s-", "f", ChangeKind.NEW_FAILURE, "was skipped in the baseline", True),
        ("k", "f", ChangeKind.NEW_FAILURE, "the baseline could not judge it", True),
        ("kp", "f", ChangeKind.NEW_FAILURE, "passed in the baseline run", True),
        ("f", "g", ChangeKind.OTHER_MESSAGE, "failed in the baseline run", True),
        ("ffp", "gf", ChangeKind.OTHER_MESSAGE, "failed in 2 of 3 baseline runs", True),
        ("fg", "g", ChangeKind.KNOWN_FAILURE, "failed in all 2 baseline runs with the same message", False),
        ("f", "F", ChangeKind.KNOWN_FAILURE, "failed in the baseline run with the same message", False),
        ("kf", "F", ChangeKind.KNOWN_FAILURE, "failed in the baseline run with the same message", False),
        ("fff", "pF", ChangeKind.KNOWN_FAILURE, "failed in all 3 baseline runs with the same message", False),
        ("fpp", "F", ChangeKind.FLAKY, "failed in 1 of 3 baseline runs and in 1 of 1 now", False),
        ("fpp", "pp", ChangeKind.FLAKY, "failed in 1 of 3 baseline runs and in 0 of 2 now", False),
        ("rr", "p", ChangeKind.FLAKY, "failed in 2 of 2 baseline runs and in 0 of 1 now", False),
        ("rr", "f", ChangeKind.FLAKY, "failed in 2 of 2 baseline runs and in 1 of 1 now", False),
        (
            "pp",
            "r",
            ChangeKind.FLAKY,
            "failed in 0 of 2 baseline runs and in 1 of 1 now, and passed when it was run again",
            False,
        ),
        ("p", "-", ChangeKind.VANISHED, "is not in the run", True),
        ("pf", "--", ChangeKind.VANISHED, "is not in the run", True),
        ("p", "s", ChangeKind.VANISHED, "is skipped now: needs sm_100", True),
        ("p-", "-", ChangeKind.VANISHED, "is not in the run, and was in 1 of 2 baseline runs", True),
        ("p--", "-", ChangeKind.VANISHED, "is not in the run, and was in 1 of 3 baseline runs", False),
        ("p", "k", ChangeKind.INFRASTRUCTURE, "not judged: it was killed", False),
        ("-", "k", ChangeKind.INFRASTRUCTURE, "not judged: it was killed", False),
        ("f", "p", ChangeKind.FIXED, "failed in the baseline run", False),
        ("fkg", "pp", ChangeKind.FIXED, "failed in all 2 baseline runs", False),
        ("-", "p", ChangeKind.NEW_CASE, "not in the baseline", False),
        ("s", "p", ChangeKind.NEW_CASE, "was skipped in the baseline", False),
        ("p", "p", None, "", False),
        ("p", "pk", None, "", False),
        ("pp", "p-", None, "", False),
        ("s", "s", None, "", False),
        ("s", "-", None, "", False),
        ("-", "s", None, "", False),
        ("k", "p", None, "", False),
        ("k", "-", None, "", False),
    ],
)
def test_the_fate_of_a_case(before: str, after: str, kind: ChangeKind | None, detail: str, blocks: bool) -> None:
    entry = classify(judged(before, after), lambda name: f"it was {name}")
    if kind is None:
        assert entry is None
        return
    assert entry is not None
    assert (entry.kind, entry.detail, entry.blocks) == (kind, detail, blocks)


def test_an_entry_says_both_messages_and_counts_what_was_judged() -> None:
    entry = classify(judged("ffkp", "gs"), str)
    assert entry is not None
    assert (entry.message, entry.was) == ("another error", "exited with 137")
    assert (entry.baseline, entry.run) == (Seen(3, 2, 1.0), Seen(1, 1, None))


@pytest.mark.parametrize(
    ("before", "after", "probability"),
    [
        ("fpp", "f", 1 / 3),
        ("fpp", "p", 2 / 3),
        ("fpp", "pp", 4 / 9),
        ("ffp", "fp", 8 / 9),
        ("fpppppp", "fff", 1 / 343),
        ("pp", "r", None),
    ],
)
def test_the_probability_of_what_a_flaky_case_did(before: str, after: str, probability: float | None) -> None:
    entry = classify(judged(before, after), str)
    assert entry is not None
    assert entry.kind is ChangeKind.FLAKY
    assert entry.probability == (None if probability is None else pytest.approx(probability))


def test_a_rate_that_does_not_explain_the_failures_is_a_new_failure() -> None:
    often = classify(judged(f"f{'p' * 11}", "ffff"), str)
    assert often is not None
    assert often.kind is ChangeKind.FLAKY
    (weighed,) = weigh([often])
    assert (weighed.kind, weighed.blocks, weighed.detail) == (
        ChangeKind.NEW_FAILURE,
        True,
        "failed in 1 of 12 baseline runs and in 4 of 4 now: more often than its rate explains",
    )
    # Of all ways to place 5 failures on 16 runs, those that leave one or none to the first 12.
    assert weighed.probability == pytest.approx(12 / 4368)


def test_the_more_flaky_cases_fail_the_more_it_takes() -> None:
    often = classify(judged(f"f{'p' * 11}", "ffff"), str)
    other = classify(judged("fp", "f"), str)
    assert often is not None
    assert other is not None
    assert [each.kind for each in weigh([often, *[other] * 2])] == [ChangeKind.NEW_FAILURE, *[ChangeKind.FLAKY] * 2]
    assert [each.kind for each in weigh([often, *[other] * 9])] == [ChangeKind.FLAKY] * 10


PASS, FAIL, SKIP = CaseResult("pass", 1.0), CaseResult("fail", 2.0, "m", failed=1), CaseResult("skip", 0.0, "why")
KILLED = CaseResult("fail", 3.0, "k", "killed", failed=1)


@pytest.mark.parametrize(
    ("first", "second", "retried", "expected"),
    [
        (
            PASS,
            FAIL,
            False,
            CaseResult("fail", 2.0, "m", None, executions=2, failed=1),
        ),
        (
            FAIL,
            PASS,
            False,
            CaseResult("fail", 2.0, "m", None, executions=2, failed=1),
        ),
        (
            FAIL,
            PASS,
            True,
            CaseResult("pass", 1.0, "", None, executions=2, failed=1),
        ),
        (
            FAIL,
            FAIL,
            True,
            CaseResult("fail", 2.0, "m", None, executions=2, failed=2),
        ),
        (
            SKIP,
            PASS,
            False,
            CaseResult("pass", 1.0, "", None, executions=2, failed=0),
        ),
        (
            SKIP,
            FAIL,
            True,
            CaseResult("fail", 2.0, "m", None, executions=2, failed=1),
        ),
        (
            KILLED,
            PASS,
            False,
            CaseResult("pass", 1.0, "", None, executions=2, failed=1),
        ),
        (
            KILLED,
            FAIL,
            True,
            CaseResult("fail", 3.0, "m", None, executions=2, failed=2),
        ),
        (
            KILLED,
            KILLED,
            False,
            CaseResult("fail", 3.0, "k", "killed", executions=2, failed=2),
        ),
        (
            PASS,
            PASS._replace(seconds=4.0),
            False,
            CaseResult("pass", 4.0, "", None, executions=2, failed=0),
        ),
        (
            PASS._replace(seconds=None),
            PASS._replace(seconds=None),
            False,
            CaseResult("pass", None, "", None, executions=2, failed=0),
        ),
    ],
)
def test_several_executions_in_one_run(
    first: CaseResult, second: CaseResult, retried: bool, expected: CaseResult
) -> None:
    assert merged(first, second, retried=retried) == expected
