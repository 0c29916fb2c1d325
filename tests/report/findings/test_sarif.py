"""Tests of SARIF: whole documents, the published schema, Microsoft's validator, and fixes equal to `check --fix`."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from fi_bump.pins import Place
from fi_bump.report.findings.formats import render
from fi_bump.report.findings.sarif import utf16
from tests.conftest import Run
from tests.report.samples import golden, report, result
from tests.sdists import folder, unpacked

DOCUMENTS = ["check.sarif", "audit.sarif", "smoke.sarif"]
MULTITOOL = "5.7.0"


def written(**fields: Any) -> Any:
    """Return the only result of a report in SARIF."""
    return json.loads(render(report(result(**fields)), "sarif"))["runs"][0]["results"][0]


@given(st.text(st.sampled_from("aü\u2028\ufeff😀𝒳")), st.text(st.sampled_from("0.a😀"), min_size=1))
def test_columns_are_those_of_a_reader_in_utf_16(before: str, marked: str) -> None:
    text = f"{before}{marked}😀"
    place = Place("a", 1, len(before) + 1, len(before) + len(marked) + 1, text)
    units = text.encode("utf-16-le")
    start, end = utf16(place, place.column), utf16(place, place.end_column)
    assert units[2 * (start - 1) : 2 * (end - 1)].decode("utf-16-le") == marked


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a.txt", "a.txt"),
        ("a b/c:d/100%/é#?[x].txt", "a%20b/c%3Ad/100%25/%C3%A9%23%3F%5Bx%5D.txt"),
        ("c:x.txt", "c%3Ax.txt"),
        ("\udcff.txt", "%FF.txt"),
        ("-_.~", "-_.~"),
    ],
)
def test_paths_are_relative_uris(path: str, uri: str) -> None:
    location = written(path=path)["locations"][0]["physicalLocation"]
    assert location["artifactLocation"] == {"uri": uri, "uriBaseId": "%SRCROOT%"}
    assert os.fsdecode(unquote(uri, errors="surrogateescape").encode("utf-8", "surrogateescape")) == path


def test_nothing_in_a_message_is_a_placeholder_or_a_link() -> None:
    text = written(message="{0} of [a](1) and x[b] (c)")["message"]["text"]
    assert text == "{{0}} of [a\\](1) and x[b] (c)"


def test_a_place_that_is_a_whole_line() -> None:
    region = written(place=Place("a.txt", 3, text="kit"), fix=None)["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 3}


def fixed(root: Path, document: Any) -> dict[str, bytes]:
    """Return the files after all fixes, applied as an editor does: by line, and by UTF-16 column in the line."""
    files: dict[str, list[str]] = {}
    results = [each for each in document["runs"][0]["results"] if "fixes" in each]
    for change in (change for each in results for change in each["fixes"][0]["artifactChanges"]):
        path = unquote(change["artifactLocation"]["uri"])
        text = (root / path).read_bytes().removeprefix(b"\xef\xbb\xbf").decode()
        lines = files.setdefault(path, text.split("\n"))
        (replacement,) = change["replacements"]
        region = replacement["deletedRegion"]
        units = lines[region["startLine"] - 1].encode("utf-16-le")
        new = replacement["insertedContent"]["text"].encode("utf-16-le")
        units = units[: 2 * (region["startColumn"] - 1)] + new + units[2 * (region["endColumn"] - 1) :]
        lines[region["startLine"] - 1] = units.decode("utf-16-le")
    return {path: "\n".join(lines).encode() for path, lines in files.items()}


def test_the_fixes_are_those_of_fix(broken: Path, run: Run) -> None:
    before = {path: (broken / path).read_bytes() for path in ("docker/Dockerfile", "docker/versions.json")}
    mended = fixed(broken, json.loads(run(broken, "check", "--format", "sarif").out))
    run(broken, "check", "--fix")
    after = {path: (broken / path).read_bytes() for path in before}
    assert {path: data.removeprefix(b"\xef\xbb\xbf") for path, data in after.items()} == mended
    assert all(after[path] != before[path] for path in before)


@pytest.mark.network
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_published_schema(name: str) -> None:
    # OASIS publishes the schema only on the web; the source distribution of this project contains it.
    schema = json.loads((unpacked("sarif-pydantic", "0.6.2") / "sarif-schema-2.1.0.json").read_bytes())
    assert schema["title"] == "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"
    validator = Draft7Validator(schema)
    document = json.loads(golden(name))
    validator.validate(document)
    document["runs"][0]["results"][0]["level"] = "fatal"
    assert [error.json_path for error in validator.iter_errors(document)] == ["$.runs[0].results[0].level"]


# The validator would like a page about the tool. No address is fi-bump's own, and it names none that is not.
NO_PAGE = {
    "SARIF2005": "{'id': 'Warning_ProvideToolnformationUri', 'arguments': ['runs[0].tool.driver', 'fi-bump']}",
}


@pytest.mark.network
def test_the_validator_misses_a_page_and_nothing_else(tmp_path: Path) -> None:
    tool = multitool()
    for name in DOCUMENTS:
        (tmp_path / name).write_text(golden(name))
    assert judged(tool, tmp_path, *DOCUMENTS) == NO_PAGE
    broken = json.loads(golden("check.sarif"))
    broken["runs"][0]["results"][0]["ruleIndex"] = 99
    (tmp_path / "broken.sarif").write_text(json.dumps(broken))
    assert judged(tool, tmp_path, "broken.sarif").keys() > NO_PAGE.keys()


def judged(tool: Path, where: Path, *names: str) -> dict[str, str]:
    """Return what Microsoft's validator reports about files, by rule: the standard's rules and GitHub's."""
    command = [
        str(tool),
        "validate",
        *names,
        "--rule-kind",
        "Sarif;Gh",
        "--output",
        "said.sarif",
        "--log",
        "ForceOverwrite",
    ]
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    subprocess.run(command, cwd=where, env=environment, capture_output=True, check=False, timeout=300)
    said = json.loads((where / "said.sarif").read_bytes())["runs"][0]
    return {each["ruleId"]: str(each["message"]) for each in said["results"]}


def multitool() -> Path:
    """Microsoft's SARIF Multitool, fetched by npm from its configured registry."""
    npm = shutil.which("npm")
    if npm is None or platform.system() != "Linux" or platform.machine() != "x86_64":
        pytest.skip("needs npm on Linux x86_64")
    root = folder() / f"sarif-multitool-{MULTITOOL}"
    tool = root / "package" / "Sarif.Multitool"
    if not tool.exists():
        root.mkdir(exist_ok=True)
        packed = [npm, "pack", "--silent", f"@microsoft/sarif-multitool-linux@{MULTITOOL}"]
        name = subprocess.run(packed, cwd=root, capture_output=True, text=True, check=True).stdout.split()[-1]
        with tarfile.open(root / name) as archive:
            archive.extractall(root, filter="data")
        tool.chmod(0o755)
    return tool
