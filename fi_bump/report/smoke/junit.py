"""Write the smoke report as JUnit XML.

A case fails exactly if it makes the run red, so that CI shows the same result as the exit code.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

from fi_bump.report.findings.junit import document, xml_text
from fi_bump.report.smoke_text import target_line
from fi_bump.smoke.model import BaselineComparison, ProbeReport, Problem, SmokeReport, Sweep


def junit_text(report: SmokeReport) -> str:
    """Return one suite with a case per probe or swept release, and per problem that does not belong to a probe.

    A problem is a failure if its probe failed, else an error. A probe that failed or did not run without being a
    problem is skipped.
    """
    name = f"fi-bump smoke {report.group} {report.version}"
    suite = ElementTree.Element("testsuite", {"name": name})
    properties = ElementTree.SubElement(suite, "properties")
    ElementTree.SubElement(properties, "property", {"name": "target", "value": target_line(report.target)})
    blocking: dict[str, Problem] = {}
    for problem in report.problems:
        if problem.probe is not None:
            earlier = blocking.get(problem.probe)
            message = problem.message if earlier is None else f"{earlier.message}; {problem.message}"
            blocking[problem.probe] = Problem(problem.probe, message)
    for probe in report.probes:
        _case(suite, report.group, probe, blocking.pop(probe.name, None))
        _tests(suite, probe, report.comparison)
    if report.sweep is not None:
        _releases(suite, report.group, report.sweep)
    for problem in [*blocking.values(), *(problem for problem in report.problems if problem.probe is None)]:
        case = _element(suite, report.group, problem.probe or "verdict", 0.0)
        ElementTree.SubElement(case, "error", {"message": problem.message})
    return f"{document(suite)}\n"


def _element(suite: ElementTree.Element, group: str, name: str, seconds: float) -> ElementTree.Element:
    return ElementTree.SubElement(
        suite, "testcase", {"classname": f"fi-bump.smoke.{group}", "name": name, "time": f"{seconds:.3f}"}
    )


def _case(suite: ElementTree.Element, group: str, probe: ProbeReport, problem: Problem | None) -> None:
    case = _element(suite, group, probe.name, probe.seconds)
    if problem is not None:
        tag = "failure" if probe.outcome == "fail" else "error"
        ElementTree.SubElement(case, tag, {"message": problem.message})
    elif probe.outcome == "fail":
        ElementTree.SubElement(case, "skipped", {"message": f"fails in the baseline too: {probe.reason}"})
    elif probe.outcome == "not-run":
        ElementTree.SubElement(case, "skipped", {"message": str(probe.reason)})
    if probe.metrics:
        # JSON escapes the characters that XML does not allow.
        ElementTree.SubElement(case, "system-out").text = json.dumps(probe.metrics, sort_keys=True)


def _tests(suite: ElementTree.Element, probe: ProbeReport, comparison: BaselineComparison | None) -> None:
    """Add the test cases of a probe under their own names. With a baseline only what is worse than there fails."""
    worse = {change.case: change for change in comparison.cases if change.blocks} if comparison is not None else {}
    standing = comparison is not None and probe.name in comparison.standing_failures
    for key, test in probe.cases.items():
        owner, _, name = key.rpartition("::")
        attributes = {"classname": xml_text(owner), "name": xml_text(name), "time": f"{test.seconds or 0.0:.3f}"}
        case = ElementTree.SubElement(suite, "testcase", attributes)
        if key in worse and test.outcome != "fail":
            ElementTree.SubElement(case, "failure", {"message": xml_text(worse[key].detail)})
        elif test.outcome == "fail" and not standing and (comparison is None or not comparison.cases or key in worse):
            ElementTree.SubElement(case, "failure", {"message": xml_text(test.message)})
        elif test.outcome != "pass":
            said = test.message if test.outcome == "skip" else f"fails in the baseline too: {test.message}"
            ElementTree.SubElement(case, "skipped", {"message": xml_text(said)})


def _releases(suite: ElementTree.Element, group: str, sweep: Sweep) -> None:
    for release in sweep.releases:
        case = _element(suite, group, f"{sweep.package} {release.version}", 0.0)
        if not release.survives:
            # Finding releases that fail is the purpose of a sweep. If it matters, the case "verdict" is an error.
            ElementTree.SubElement(case, "skipped", {"message": str(release.reason)})
