"""Write results as JUnit XML, after the schema of Jenkins' xunit plugin (junit-10.xsd), which GitLab reads too."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter

from fi_bump.report.findings.github import message
from fi_bump.report.findings.model import Report, Result, shown
from fi_bump.untrusted import shapes

# What a runner takes for a command: `::` at the start of a line, and `##[`, which may have a word before the bracket.
_COMMAND = re.compile(r"(?m)(^\s*(?=::)|##[A-Za-z]*(?=\[))(.)")
# The characters that XML 1.0 does not allow: https://www.w3.org/TR/xml/#charsets
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_text(report: Report) -> str:
    """Return one suite: a failed case per error, a skipped case per note, and a passed case per pin that is right.

    A case is named by its file and key, so that it keeps its history when lines move.
    """
    suite = ElementTree.Element("testsuite", {"name": f"fi-bump {report.command}"})
    seen: Counter[tuple[str, str]] = Counter()
    for result in report.results:
        _failed(_case(suite, seen, result.place.path, result.key), result)
    for path, key in report.passed:
        _case(suite, seen, path, key)
    if closing := [*report.summary, *(f"help: {line}" for line in report.help)]:
        ElementTree.SubElement(suite, "system-out").text = xml_text("\n".join(closing))
    return document(suite)


def document(suite: ElementTree.Element) -> str:
    """Count the suite's cases, and return it as an XML document without a line end after the last line."""
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")
    ElementTree.indent(suite)
    for element in suite.iter():
        element.text = element.text and xml_text(element.text)
        for name, value in element.items():
            element.set(name, xml_text(value))
    # ElementTree writes a carriage return of a text as it is, which a parser and a runner's log take for a line end.
    text = ElementTree.tostring(suite, encoding="unicode").replace("\r", "&#13;")
    # Runners that read commands from a log must not find one in a document that is printed there.
    return '<?xml version="1.0" encoding="utf-8"?>\n' + _COMMAND.sub(
        lambda found: f"{found[1]}&#{ord(found[2])};", text
    )


def _case(suite: ElementTree.Element, seen: Counter[tuple[str, str]], path: str, key: str) -> ElementTree.Element:
    seen[path, key] += 1
    number = seen[path, key]
    name = key if number == 1 else f"{key} ({number})"
    return ElementTree.SubElement(
        suite, "testcase", {"classname": xml_text(path), "name": xml_text(name), "time": "0.000"}
    )


def _failed(case: ElementTree.Element, result: Result) -> None:
    tag = "failure" if result.rule.fails else "skipped"
    child = ElementTree.SubElement(case, tag, {"type": result.rule.value, "message": xml_text(result.message)})
    child.text = xml_text(f"{shown(result.place)}: {message(result)}")


def xml_text(text: str) -> str:
    """Return text that XML can hold; what it cannot hold becomes U+FFFD."""
    return _NO_XML.sub("\ufffd", shapes(text))
