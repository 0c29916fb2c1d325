"""Reading JUnit XML: what each runner writes, beside junitparser, damaged files, and memory."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from pathlib import Path

import junitparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.compare import junit
from fi_bump.compare.cases import CaseResult
from fi_bump.compare.junit import FileReading
from fi_bump.errors import FileError
from tests.compare.simulated import xml


def read(path: Path, text: str | bytes, cause: str | None = None) -> tuple[list[tuple[str, CaseResult]], FileReading]:
    """Every case of a file with this content, and how far it could be read."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    cases: list[tuple[str, CaseResult]] = []
    reading = junit.read(str(path), lambda key, case: cases.append((key, case)), lambda evidence: cause)
    return cases, reading


def one(tmp_path: Path, case: str, cause: str | None = None) -> tuple[str, CaseResult]:
    """The one case of a suite."""
    cases, reading = read(tmp_path / "a.xml", f'<testsuite name="suite">{case}</testsuite>', cause)
    assert reading == FileReading("testsuite", None)
    assert len(cases) == 1
    return cases[0]


@pytest.mark.parametrize(
    ("case", "key", "expected"),
    [
        # pytest
        (
            '<testcase classname="tests.test_a.TestB" name="test_c[1-x]" time="0.250"/>',
            "tests.test_a.TestB::test_c[1-x]",
            CaseResult("pass", 0.25),
        ),
        (
            '<testcase classname="tests.test_a" name="test_c" file="tests/test_a.py" line="11" time="1">'
            '<failure message="AssertionError: assert 1 == 2&#10;  +  where 1 = f()">def test_c():\n'
            "&gt;    assert f() == 2\nE    AssertionError</failure></testcase>",
            "tests.test_a::test_c",
            CaseResult(
                "fail",
                1.0,
                "AssertionError: assert 1 == 2\n  +  where 1 = f()",
                failed=1,
                file="tests/test_a.py",
                line=12,
            ),
        ),
        (
            '<testcase classname="" name="tests.test_a" time="0.000"><error message="collection failure">'
            "ImportError</error></testcase>",
            "tests.test_a",
            CaseResult("fail", 0.0, "collection failure", failed=1),
        ),
        (
            '<testcase classname="a" name="b" time="0.1"><skipped type="pytest.skip" message="needs sm_100">x</skipped>'
            "</testcase>",
            "a::b",
            CaseResult("skip", 0.1, "needs sm_100"),
        ),
        (
            '<testcase classname="a" name="b[&lt;f at 0x7f11aa22bb33&gt;]" time="0.1"/>',
            "a::b[<f at 0x…>]",
            CaseResult("pass", 0.1),
        ),
        # A failed call and a failed teardown: pytest's text comes where there is no message.
        (
            '<testcase classname="a" name="b" time="2"><failure>E   ValueError: x\nmore</failure><error message="late"/>'
            "</testcase>",
            "a::b",
            CaseResult("fail", 2.0, "ValueError: x", failed=1),
        ),
        # surefire
        (
            '<testcase classname="com.x.ATest" name="b" time="1,234.5"><flakyFailure message="first"/></testcase>',
            "com.x.ATest::b",
            CaseResult("pass", 1234.5, executions=2, failed=1),
        ),
        (
            '<testcase classname="com.x.ATest" name="b" time="1"><failure type="java.lang.Error"/>'
            '<rerunFailure message="second"><stackTrace>x</stackTrace></rerunFailure></testcase>',
            "com.x.ATest::b",
            CaseResult("fail", 1.0, "java.lang.Error", executions=2, failed=2),
        ),
        # GoogleTest and CTest
        (
            '<testcase name="Runs" status="run" result="completed" time="0.1" classname="Kernels"/>',
            "Kernels::Runs",
            CaseResult("pass", 0.1),
        ),
        (
            '<testcase name="Off" status="notrun" time="0." classname="Kernels"/>',
            "Kernels::Off",
            CaseResult("skip", 0.0),
        ),
        (
            '<testcase name="gemm" classname="gemm" time="0.5" status="fail"><failure message="Failed"/>'
            "<system-out>first\nlast</system-out></testcase>",
            "gemm::gemm",
            CaseResult("fail", 0.5, "Failed", failed=1),
        ),
        # Without a class: the file, or the suite.
        ('<testcase name="b" file="a.js" time="x"/>', "a.js::b", CaseResult("pass", None, file="a.js")),
        ('<testcase name="b" time="-1"/>', "suite::b", CaseResult("pass")),
        ('<testcase name="b" time="NaN"/>', "suite::b", CaseResult("pass")),
        ("<testcase/>", "suite::", CaseResult("pass")),
    ],
)
def test_what_runners_write(tmp_path: Path, case: str, key: str, expected: CaseResult) -> None:
    assert one(tmp_path, case) == (key, expected)


def test_a_message_that_only_its_text_has(tmp_path: Path) -> None:
    case = '<testcase classname="a" name="b"><failure><![CDATA[\n  thrown at\n  line 3]]></failure></testcase>'
    assert one(tmp_path, case)[1].message == "thrown at"


def test_a_failure_of_the_infrastructure(tmp_path: Path) -> None:
    case = '<testcase classname="a" name="b"><failure message="x"/></testcase>'
    assert one(tmp_path, case, "killed")[1] == CaseResult("fail", None, "x", "killed", failed=1)
    assert one(tmp_path, '<testcase classname="a" name="b"/>', "killed")[1] == CaseResult("pass")


def test_the_infrastructure_is_looked_for_in_what_was_raised_alone(tmp_path: Path) -> None:
    shown: list[str] = []
    text = "def test():\n    # Connection refused\n>   f()\nE   ValueError: bad\nE   more\ntest_a.py:3: ValueError"
    path = tmp_path / "a.xml"
    path.write_text(
        f'<testsuite><testcase name="b"><failure message="ValueError: bad">{text.replace(">", "&gt;")}</failure>'
        "</testcase></testsuite>"
    )
    junit.read(str(path), lambda key, case: None, lambda evidence: shown.append(evidence))
    assert shown == ["ValueError: bad\nValueError: bad\nmore"]


def test_suites_in_suites_and_namespaces(tmp_path: Path) -> None:
    text = (
        '<?xml version="1.0"?><j:testsuites xmlns:j="urn:x"><j:testsuite name="outer"><j:testsuite name="inner">'
        '<j:properties><j:property name="a" value="b"/></j:properties><j:testcase name="t1"/></j:testsuite>'
        '<j:testcase name="t2"><j:failure message="m"/></j:testcase></j:testsuite></j:testsuites>'
    )
    cases, reading = read(tmp_path / "a.xml", text)
    assert reading == FileReading("testsuites", None)
    assert cases == [("inner::t1", CaseResult("pass")), ("outer::t2", CaseResult("fail", None, "m", failed=1))]


@pytest.mark.parametrize(
    ("text", "cases", "reading"),
    [
        (b"", 0, FileReading(None, "is empty")),
        (b" \n", 0, FileReading(None, "is empty")),
        (b"<testsuite><testcase name='a'/><testcase name='b'>", 1, "line 1, column 51: no element found"),
        (b"<testsuite><testcase name='a'/></testsuites>", 1, "line 1, column 34: mismatched tag"),
        (b"<testsuite>\n<testcase name='a'/>\n\x00", 1, "line 3, column 1: not well-formed (invalid token)"),
        (b"Killed\n", 0, FileReading(None, "line 1, column 1: syntax error")),
        (b"<html><testsuite><testcase name='a'/></testsuite></html>", 1, FileReading("html", None)),
        (b"<coverage/>", 0, FileReading("coverage", None)),
    ],
)
def test_damaged_files(tmp_path: Path, text: bytes, cases: int, reading: FileReading | str) -> None:
    found, how = read(tmp_path / "a.xml", text)
    assert len(found) == cases
    assert how == (FileReading("testsuite", reading) if isinstance(reading, str) else reading)


@pytest.mark.slow
def test_an_entity_that_expands_without_end_is_damage(tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    text = f'<!DOCTYPE x [<!ENTITY e0 "ha">{levels}]><testsuite><testcase name="a"><failure>&e11;</failure></testcase></testsuite>'
    cases, reading = read(tmp_path / "a.xml", text)
    assert cases == []
    assert reading.damage is not None
    assert "amplification" in reading.damage


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        junit.read(str(tmp_path / "a.xml"), lambda key, case: None, lambda evidence: None)
    assert str(caught.value) == f"{tmp_path}/a.xml: cannot be read: no such file or directory"


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
RESULTS = st.one_of(
    st.builds(CaseResult, st.just("pass"), st.integers(0, 10**6).map(lambda number: number / 1000)),
    st.builds(CaseResult, st.sampled_from(["fail", "skip"]), st.just(0.5), WORDS.map(lambda text: f"m{text}".strip())),
)


@pytest.mark.slow
@given(st.dictionaries(st.tuples(WORDS, WORDS), RESULTS, max_size=8))
def test_junitparser_reads_the_same(
    tmp_path_factory: pytest.TempPathFactory, found: dict[tuple[str, str], CaseResult]
) -> None:
    path = tmp_path_factory.mktemp("oracle") / "a.xml"
    cases, _ = read(
        path,
        xml({f"o{owner.replace('::', '')}::{name.replace('::', '')}": case for (owner, name), case in found.items()}),
    )
    expected = []
    for suite in junitparser.JUnitXml.fromfile(str(path)):
        for case in suite:
            outcomes = {junitparser.Failure: "fail", junitparser.Skipped: "skip"}
            outcome = next((outcomes[type(each)] for each in case.result), "pass")
            message = next((str(each.message) for each in case.result), "")
            expected.append((case.classname, case.name, outcome, case.time, message))
    seen = [(*key.rsplit("::", 1), case.outcome, case.seconds, case.message) for key, case in cases]
    assert [tuple(each) for each in seen] == expected


@pytest.mark.slow
def test_what_pytest_itself_writes(tmp_path: Path) -> None:
    (tmp_path / "test_engine.py").write_text(
        "import pytest, time\n"
        "@pytest.mark.parametrize('x', [1, 2])\n"
        "def test_numbers(x): assert x == 1\n"
        "@pytest.mark.skip(reason='needs sm_100')\n"
        "def test_skipped(): pass\n"
        "@pytest.mark.xfail(reason='known')\n"
        "def test_expected(): assert 0\n"
        "@pytest.fixture\n"
        "def late():\n"
        "    yield\n"
        "    raise ValueError('late')\n"
        "def test_teardown(late): pass\n"
        "class TestMore:\n"
        "    def test_error(self, missing): pass\n"
    )
    (tmp_path / "test_broken.py").write_text("import nowhere_at_all\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--continue-on-collection-errors"]
    subprocess.run([*command, "--junitxml=a.xml"], cwd=tmp_path, capture_output=True, check=False)
    cases, reading = read(tmp_path / "b.xml", (tmp_path / "a.xml").read_bytes())
    assert reading.damage is None
    assert {key: (case.outcome, case.message.split("\n")[0]) for key, case in cases} == {
        "test_broken": ("fail", "collection failure"),
        "test_engine::test_numbers[1]": ("pass", ""),
        "test_engine::test_numbers[2]": ("fail", "assert 2 == 1"),
        "test_engine::test_skipped": ("skip", "needs sm_100"),
        "test_engine::test_expected": ("skip", "known"),
        "test_engine::test_teardown": ("fail", 'failed on teardown with "ValueError: late"'),
        "test_engine.TestMore::test_error": (
            "fail",
            f'failed on setup with "file {tmp_path}/test_engine.py, line 14',
        ),
    }


@pytest.mark.slow
def test_output_is_not_kept_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    noise = "a line of output that nobody needs\n" * 1000
    with open(path, "w") as stream:
        stream.write("<testsuite>")
        for number in range(300):
            stream.write(f'<testcase classname="a" name="{number}" time="1"><system-out>{noise}</system-out>')
            stream.write(f'<failure message="m">{noise}</failure></testcase>')
        stream.write("</testsuite>")
    assert path.stat().st_size > 20_000_000
    kept: list[CaseResult] = []
    tracemalloc.start()
    junit.read(str(path), lambda key, case: kept.append(case), lambda evidence: None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept) == 300
    assert peak < 2_000_000
