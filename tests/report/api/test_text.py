"""How the code fits a release, as lines of text."""

from __future__ import annotations

from fi_bump.findings.rules import Rule
from fi_bump.fit.engine.uses import Reference, Use, UseKind
from fi_bump.fit.model import ApiFinding, Defined, Fit, Since
from fi_bump.pins import Place
from fi_bump.report.api.text import fit_lines

OLD = Defined("kit 1.0", "kit/run.py", 3, "run(a, b, c=0)")
NEW = Defined("kit 2.0", "kit/run.py", 5, "run(a, d)")
RUN = tuple(Use(Place("engine.py", line, 1, 8), UseKind.CALL, (Reference("kit", ("run",)),)) for line in (1, 2))


def finding(rule: Rule, message: str) -> ApiFinding:
    return ApiFinding(
        rule=rule,
        symbol="run",
        detail=message,
        message=message,
        uses=RUN,
        old=OLD,
        new=NEW,
        since=Since("2.0"),
    )


def test_what_explains_several_findings_is_below_the_last_of_them() -> None:
    findings = (
        finding(Rule.API_KEYWORD, "no keyword b"),
        finding(Rule.API_KEYWORD, "no keyword c"),
        finding(Rule.API_REQUIRED, "needs d"),
        finding(Rule.API_REQUIRED, "needs e")._replace(since=Since("1.5")),
    )
    explained = [
        "  before: run(a, b, c=0)  (kit/run.py:3 of kit 1.0)",
        "  now:    run(a, d)  (kit/run.py:5 of kit 2.0)",
    ]
    assert list(
        fit_lines([Fit(package="kit", pinned="1.0", proposed="2.0", findings=findings, uses=2, files=1, judged=2)])
    ) == [
        "engine.py:1:1: no keyword b [api-keyword]",
        "engine.py:2:1: no keyword b [api-keyword]",
        "engine.py:1:1: no keyword c [api-keyword]",
        "engine.py:2:1: no keyword c [api-keyword]",
        "engine.py:1:1: needs d [api-required]",
        "engine.py:2:1: needs d [api-required]",
        *explained,
        "  since: 2.0",
        "engine.py:1:1: needs e [api-required]",
        "engine.py:2:1: needs e [api-required]",
        *explained,
        "  since: 1.5",
        "kit 1.0 -> 2.0: 4 API findings; 2 of 2 uses in 1 file compared",
    ]


def test_a_note_names_its_other_places_in_one_line() -> None:
    note = finding(Rule.API_DEFAULT, "the default of c is 1")._replace(since=None)
    assert list(
        fit_lines([Fit(package="kit", pinned="1.0", proposed="2.0", findings=(note,), uses=2, files=1, judged=2)])
    ) == [
        "engine.py:1:1: note: the default of c is 1 [api-default]",
        "  also at: engine.py:2:1",
        "  before: run(a, b, c=0)  (kit/run.py:3 of kit 1.0)",
        "  now:    run(a, d)  (kit/run.py:5 of kit 2.0)",
        "kit 1.0 -> 2.0: no API findings and 1 note; 2 of 2 uses in 1 file compared",
    ]


def test_a_note_with_many_reasons_has_the_first_ones_where_only_some_findings_are_shown() -> None:
    few = finding(Rule.API_DEFAULT, "few")._replace(old=None, new=None, since=None, reasons=tuple("abcde"))
    many = few._replace(message="many", reasons=tuple("abcdef"))
    fits = [Fit(package="kit", pinned="1.0", proposed="2.0", findings=(few, many), uses=2, files=1, judged=2)]
    indented = [line.strip() for line in fit_lines(fits, most=10) if line.startswith("  ") and "also at" not in line]
    assert indented == [*"abcde", *"abcd", "and 2 more, which audit --api lists"]
    indented = [line.strip() for line in fit_lines(fits) if line.startswith("  ") and "also at" not in line]
    assert indented == [*"abcde", *"abcdef"]
