"""Tests of JUnit XML: Jenkins' schema, a third-party reader, and characters that XML does not allow."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Failure, JUnitXml, Skipped

from fi_bump.findings.rules import Rule
from fi_bump.report.findings.formats import render
from fi_bump.report.findings.model import Passed
from fi_bump.report.smoke.output import render as render_smoke
from tests.report.samples import golden, report, result
from tests.report.smoke.test_reports import ALL
from tests.sdists import unpacked


def test_a_reader_counts_what_is_red(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text(golden("check.xml"))
    (suite,) = JUnitXml.fromfile(str(path))
    counts = (suite.name, suite.tests, suite.failures, suite.errors, suite.skipped)
    assert counts == ("fi-bump check", 9, 6, 0, 1)
    suite.update_statistics()  # type: ignore[no-untyped-call]  # junitparser is only partly annotated
    assert (suite.name, suite.tests, suite.failures, suite.errors, suite.skipped) == counts
    results = [(case.name, type(each), each.type) for case in suite for each in case.result]
    assert results == [
        ("ARG FLASHINFER_VERSION", Failure, "drift"),
        ("variable.FLASHINFER_VERSION.default", Failure, "drift"),
        ("flashinfer-python", Failure, "new-site"),
        ("flashinfer-cubin", Skipped, "unpinned"),
        ("flashinfer-python", Failure, "missing-site"),
        ("flashinfer-python", Failure, "drift"),
        ("flashinfer-python", Failure, "floor-violated"),
    ]


def test_names_stay_apart() -> None:
    made = report(result(), result(rule=Rule.UNPINNED), result("b.txt"))
    suite = ElementTree.fromstring(render(made._replace(passed=(Passed("a.txt", "dsl"),)), "junit"))
    assert [(case.get("classname"), case.get("name"), len(case)) for case in suite.iter("testcase")] == [
        ("a.txt", "kit", 1),
        ("a.txt", "kit (2)", 1),
        ("b.txt", "kit", 1),
        ("a.txt", "dsl", 0),
    ]


@given(st.text(st.characters()))
def test_any_text_can_be_read_back(text: str) -> None:
    suite = ElementTree.fromstring(render(report(result(path=f"x{text}", message=f"x{text}")), "junit"))
    (case,) = suite.iter("testcase")
    for value in (case.get("classname"), case[0].get("message")):
        # An attribute keeps its line ends, because they are written as character references.
        assert value is not None
        assert len(value) == len(text) + 1
        assert all(mine in (other, "\ufffd") for mine, other in zip(value, f"x{text}", strict=True))


@pytest.mark.network
def test_jenkins_schema() -> None:
    # pytest's source distribution contains the schema of Jenkins' xunit plugin.
    schema = xmlschema.XMLSchema(unpacked("pytest", "9.2.0") / "testing" / "example_scripts" / "junit-10.xsd")
    documents = [
        golden("check.xml"),
        golden("audit.xml"),
        *(render_smoke(each, "junit") for each in ALL.values()),
    ]
    for document in documents:
        schema.validate(ElementTree.fromstring(document))
    assert not schema.is_valid(ElementTree.fromstring(golden("check.xml").replace("failure", "fault")))
