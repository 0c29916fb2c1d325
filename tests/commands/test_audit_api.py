"""`audit --api` against a real local index: whole reports, exit codes, and what is fetched."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.commands.conftest import Ask
from tests.conftest import Result, Run, plant, snapshot
from tests.index.server import Index, Package, Reply, running

ENGINE = b"""\
import kit
from kit.core import gone, run
from kit import Wrapper


def step(q, k):
    run(q, k, tile=8)
    wrapper = Wrapper(q)
    wrapper.plan(q, 1, 2)
    return gone(q)
"""
TESTS = b"from kit.core import run\n\n\ndef test_run():\n    run(1, 2, tile=4)\n"
LOCK = (
    b'{"lock-version": 1, "groups": {"kit": {"version": "1.0", "packages": {"kit": {}}, "variables": [],'
    b' "repositories": ["github.com/kit/kit"], "sites": ["requirements.txt#kit"]}}}\n'
)
OLD = """\
def run(q, k, tile=1): ...


def gone(q): ...


class Wrapper:
    def __init__(self, q): ...

    def plan(self, indptr, pages, heads, causal=False): ...
"""
NEW = """\
def run(q, k, *, scale=None): ...


class Wrapper:
    def __init__(self, q): ...

    def plan(self, indptr, group=None, pages=None, heads=None, causal=False): ...
"""
INIT = "from .core import Wrapper as Wrapper\n"


def wheel(name: str, version: str, sources: dict[str, str]) -> bytes:
    """A wheel with these sources."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in sources.items():
            archive.writestr(path, text)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        archive.writestr(f"{name}-{version}.dist-info/METADATA", metadata)
    return stream.getvalue()


BEFORE = {"kit/__init__.py": INIT, "kit/core.py": OLD}
AFTER = {"kit/__init__.py": INIT, "kit/core.py": NEW, "kit/ops.py": "def gone(q): ...\n"}
SOURCES = {"1.0": BEFORE, "1.1": BEFORE, "1.2": AFTER, "2.0": AFTER}
WHEELS = {version: wheel("kit", version, sources) for version, sources in SOURCES.items()}


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with four releases of kit."""
    with running() as started:
        Package("kit", WHEELS).serve(started)
        yield started


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An engine that calls kit 1.0."""
    root = tmp_path / "engine"
    tree = {
        "requirements.txt": b"kit==1.0\n",
        "engine/__init__.py": b"",
        "engine/step.py": ENGINE,
        "tests/test_step.py": TESTS,
        "versions.lock.json": LOCK,
    }
    plant(root, tree)
    return root


SINCE = "  since: 1.2 (2026-05-01), https://github.com/kit/kit/releases/tag/v1.2\n"
REPORT = f"""\
kit 2.0: no conflicts
engine/step.py:2:22: kit.core.gone is not in kit 2.0 [api-removed]
engine/step.py:10:12: kit.core.gone is not in kit 2.0 [api-removed]
  before: gone(q)  (kit/core.py:4 of kit 1.0)
{SINCE}  instead: kit.ops.gone
engine/step.py:7:5: run() does not take the keyword tile in kit 2.0 [api-keyword]
  before: run(q, k, tile=1)  (kit/core.py:1 of kit 1.0)
  now:    run(q, k, *, scale=None)  (kit/core.py:1 of kit 2.0)
  parameters: - tile, + scale=None
{SINCE}engine/step.py:9:5: Wrapper.plan() takes arguments in another order in kit 2.0: argument 2 was pages and is group, argument 3 was heads and is pages [api-positional]
  before: Wrapper.plan(indptr, pages, heads, causal=False)  (kit/core.py:10 of kit 1.0)
  now:    Wrapper.plan(indptr, group=None, pages=None, heads=None, causal=False)  (kit/core.py:7 of kit 2.0)
  parameters: + group=None, ~ pages: required -> None, ~ heads: required -> None
{SINCE}tests/test_step.py:5:5: run() does not take the keyword tile in kit 2.0 [api-keyword]
  before: run(q, k, tile=1)  (kit/core.py:1 of kit 1.0)
  now:    run(q, k, *, scale=None)  (kit/core.py:1 of kit 2.0)
  parameters: - tile, + scale=None
{SINCE}kit 1.0 -> 2.0: 4 API findings; 10 of 10 uses in 2 files compared
"""


def test_calls_that_break(root: Path, ask: Ask) -> None:
    before = snapshot(root)
    assert ask(root, "audit", "2.0", "--api") == (1, REPORT, "")
    assert snapshot(root) == before


def test_a_release_that_fits(root: Path, ask: Ask) -> None:
    for arguments in (("1.1",), ()):
        label = "kit 1.0 -> 1.1" if arguments else "kit 1.0"
        closing = f"kit {arguments[0] if arguments else '1.0'}: no conflicts\n"
        out = f"{closing}{label}: no API findings; 10 of 10 uses in 2 files compared\n"
        assert ask(root, "audit", *arguments, "--api") == (0, out, "")


def test_code_that_is_ahead_of_its_pin(root: Path, ask: Ask) -> None:
    plant(root, {"engine/step.py": b"from kit.core import run\n\nrun(1, 2, scale=3)\n", "tests/test_step.py": b""})
    line = "engine/step.py:3:1: note: run() does not take the keyword scale in kit 1.0 [api-pin]\n"
    before = "  before: run(q, k, tile=1)  (kit/core.py:1 of kit 1.0)\n"
    assert ask(root, "audit", "--api") == (
        0,
        f"kit 1.0: no conflicts\n{line}{before}kit 1.0: no API findings and 1 note; 2 of 2 uses in 1 file compared\n",
        "",
    )
    assert ask(root, "audit", "2.0", "--api").out == (
        f"kit 2.0: no conflicts\n{line}{before}"
        "  now:    run(q, k, *, scale=None)  (kit/core.py:1 of kit 2.0)\n  parameters: - tile, + scale=None\n"
        "  fits since: 1.2 (2026-05-01), https://github.com/kit/kit/releases/tag/v1.2\n"
        "  the proposed release fits\n"
        "kit 1.0 -> 2.0: no API findings and 1 note; 2 of 2 uses in 1 file compared\n"
    )


def test_against_another_release(root: Path, ask: Ask) -> None:
    out = ask(root, "audit", "2.0", "--api", "--against", "1.2").out
    assert "api-removed" not in out
    assert "kit 1.2 -> 2.0: no API findings and 3 notes" in out
    assert "kit.core.gone is not in kit 1.2 [api-pin]" in out


DEFAULTS = "\n".join(f"def f{number}(q, k=1): ..." for number in range(12))
CHANGED = DEFAULTS.replace("k=1", "k=2")


@pytest.fixture
def long_way(root: Path, index: Index) -> list[str]:
    """Seven releases between 1.0 and 2.0, of which 1.3 changes twelve defaults; the engine's calls of them."""
    texts = {f"1.{number}": DEFAULTS if number < 3 else CHANGED for number in range(8)} | {"2.0": CHANGED}
    Package("kit", {each: wheel("kit", each, {"kit/__init__.py": text}) for each, text in texts.items()}).serve(index)
    calls = "".join(f"kit.f{number}(1)\n" for number in range(12))
    plant(root, {"engine/step.py": f"import kit\n{calls}".encode(), "tests/test_step.py": b""})
    return [f"engine/step.py:{number + 2}:1: note: f{number}()" for number in range(12)]


def test_on_a_long_way_notes_name_no_release_and_it_is_said(root: Path, ask: Ask, long_way: list[str]) -> None:
    result = ask(root, "audit", "2.0", "--api")
    command = "fi-bump audit kit==2.0 --api --against 1.0 --trace-notes"
    said = (
        "note: notes do not name the release in which they came up, because 7 releases are between 1.0 and 2.0; "
        f"to read those too, run {command}\n"
    )
    assert (result.code, result.out.count(said), "since: " in result.out) == (0, 1, False)
    traced = ask(root, *command.split()[1:])
    assert (traced.code, traced.out.count("since: 1.3 "), said in traced.out) == (0, 12, False)
    assert all(line in result.out and line in traced.out for line in long_way)
    document = json.loads(ask(root, "audit", "2.0", "--api", "--format", "json").out)["result"]["api"][0]
    assert document["remarks"] == [said.removeprefix("note: ").rstrip("\n")]


def test_what_set_leaves_out_is_shown_by_the_command_that_it_names(root: Path, ask: Ask, long_way: list[str]) -> None:
    out = ask(root, "set", "2.0").out
    command = "fi-bump audit kit==2.0 --api --against 1.0"
    assert f"2 more notes: run {command}\n" in out
    # The lock has the new release by now.
    shown = ask(root, *command.split()[1:]).out
    assert [line in out for line in long_way].count(True) == 10
    assert all(line in shown for line in long_way)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--trace-notes",), "fi-bump: --trace-notes needs --api\nhelp: add --api\n"),
        (("--package", "kit"), "fi-bump: --package needs --api\nhelp: add --api\n"),
        (("--against", "1.2"), "fi-bump: --against needs --api\nhelp: add --api\n"),
        (
            ("--api", "--package", "torch"),
            "fi-bump: no requirement here pins torch to one version\nhelp: pin it, or leave out --package torch\n",
        ),
        (
            ("2.0", "--api", "--against", "banana"),
            "fi-bump: 'banana' is not a PEP 440 version\n"
            "help: a version looks like 0.6.11.post2, 0.7.0rc1 or 0.6.9.dev20260101\n",
        ),
        (
            ("--api", "--against", "1.2"),
            "fi-bump: --against needs a release that is compared with it\n"
            "help: name the release too: fi-bump audit kit==1.0 --api --against 1.2\n",
        ),
        (
            ("--api", "--package", "=="),
            "fi-bump: --package takes NAME or NAME==VERSION, not '=='\nhelp: write a package and its version\n",
        ),
        (
            ("--api", "--package", "kit=="),
            "fi-bump: --package takes NAME or NAME==VERSION, not 'kit=='\nhelp: write a package and its version\n",
        ),
        (
            ("--api", "--package", "kit==new"),
            "fi-bump: 'new' is not a PEP 440 version\n"
            "help: a version looks like 0.6.11.post2, 0.7.0rc1 or 0.6.9.dev20260101\n",
        ),
    ],
)
def test_wrong_options(root: Path, ask: Ask, arguments: tuple[str, ...], message: str) -> None:
    result = ask(root, "audit", *arguments)
    assert (result.code, result.err) == (2, message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("2.0", "--api", "--against", "1.9"),
            "fi-bump: kit has no release 1.9\nhelp: --against can name 2.0, its newest release\n",
        ),
        (
            ("--api", "--package", "kit==3.0"),
            "fi-bump: kit has no release 3.0\nhelp: --package can name 2.0, its newest release\n",
        ),
        (
            ("3.0", "--api"),
            "fi-bump: no package of kit has the release 3.0\n"
            "help: run fi-bump audit kit==2.0, the newest version that every member has\n",
        ),
    ],
)
def test_releases_that_nobody_has(root: Path, ask: Ask, arguments: tuple[str, ...], message: str) -> None:
    result = ask(root, "audit", *arguments)
    assert (result.code, result.out, result.err) == (1, "", message)


def test_the_command_that_the_refusal_of_against_names(root: Path, ask: Ask) -> None:
    assert ask(root, "audit", "kit==1.0", "--api", "--against", "1.1").code == 0


def test_another_pinned_package(root: Path, ask: Ask, index: Index) -> None:
    sources = {"0.1": "def work(a): ...\n", "0.2": "def work(b): ...\n"}
    tool = {version: wheel("tool", version, {"tool.py": text}) for version, text in sources.items()}
    Package("tool", tool).serve(index)
    plant(root, {"requirements.txt": b"kit==1.0\ntool==0.1\n", "engine/t.py": b"from tool import work\nwork(a=1)\n"})
    result = ask(root, "audit", "--api", "--package", "tool==0.2")
    assert (result.code, result.err) == (1, "")
    out = result.out
    assert "engine/t.py:2:1: work() does not take the keyword a in tool 0.2 [api-keyword]\n" in out
    assert "tool 0.1 -> 0.2: 2 API findings; 2 of 2 uses in 1 file compared\n" in out
    assert "tool 0.1: no API findings; 2 of 2 uses" in ask(root, "audit", "--api", "--package", "tool").out


@pytest.mark.parametrize(
    ("pins", "compared", "remark"),
    [
        (["0.9", "0.10"], "0.10", "0.9"),
        (["0.9", "0.9", "0.10"], "0.9", "0.10"),
        (["0.10", "0.8", "0.9"], "0.10", "0.8 and 0.9"),
        (["0.9", "0.9"], "0.9", None),
    ],
)
def test_of_several_pinned_versions_the_one_of_most_requirements_counts(
    root: Path, ask: Ask, index: Index, pins: list[str], compared: str, remark: str | None
) -> None:
    tool = {each: wheel("tool", each, {"tool.py": "def work(a): ...\n"}) for each in ("0.8", "0.9", "0.10")}
    Package("tool", tool).serve(index)
    plant(root, {f"requirements/{number}.txt": f"tool=={each}\n".encode() for number, each in enumerate(pins)})
    plant(root, {"engine/t.py": b"from tool import work\nwork(a=1)\n"})
    result = ask(root, "audit", "--api", "--package", "tool")
    said = "" if remark is None else f"note: other requirements here pin tool to {remark}\n"
    assert result.out.endswith(f"{said}tool {compared}: no API findings; 2 of 2 uses in 1 file compared\n")
    assert ("other requirements" in result.out) is (remark is not None)


def test_a_wheel_without_a_module_is_not_compared(root: Path, ask: Ask, index: Index) -> None:
    Package("tool", {"0.1": wheel("tool", "0.1", {"tool.pth": "tool_packages\n"})}).serve(index)
    plant(root, {"requirements.txt": b"kit==1.0\ntool==0.1\n"})
    result = ask(root, "audit", "--api", "--package", "tool")
    said = "note: the code is not compared: the wheel of tool 0.1 has no Python module\ntool 0.1: not compared\n"
    assert (result.code, result.out.endswith(said)) == (0, True)


def document(result: Result) -> dict[str, Any]:
    """The JSON document, held against its schema."""
    schema = json.loads(files("fi_bump").joinpath("schemas", "audit.schema.json").read_bytes())
    found: dict[str, Any] = json.loads(result.out)
    jsonschema.validate(found, schema, jsonschema.Draft202012Validator)
    answer: dict[str, Any] = found["result"]
    return answer


def test_json(root: Path, ask: Ask) -> None:
    found = document(ask(root, "audit", "2.0", "--api", "--format", "json"))
    (fit,) = found["api"]
    assert (found["ok"], fit["uses"], fit["judged"], fit["files"]) == (False, 10, 10, 2)
    assert fit["findings"][0] == {
        "rule": "api-removed",
        "severity": "error",
        "symbol": "kit.core.gone",
        "detail": "",
        "message": "kit.core.gone is not in kit 2.0",
        "inTests": False,
        "places": [
            {"path": "engine/step.py", "line": 2, "column": 22, "endColumn": 26},
            {"path": "engine/step.py", "line": 10, "column": 12, "endColumn": 16},
        ],
        "old": {"release": "kit 1.0", "path": "kit/core.py", "line": 4, "signature": "gone(q)"},
        "new": None,
        "changes": [],
        "since": {
            "version": "1.2",
            "date": "2026-05-01",
            "page": "https://github.com/kit/kit/releases/tag/v1.2",
        },
        "instead": "kit.ops.gone",
        "probe": None,
        "repaired": None,
        "reasons": [],
    }
    assert "api" not in document(ask(root, "audit", "2.0", "--format", "json"))


def test_sarif_has_both_places(root: Path, ask: Ask) -> None:
    (sarif,) = json.loads(ask(root, "audit", "2.0", "--api", "--format", "sarif").out)["runs"]
    keyword = next(each for each in sarif["results"] if each["ruleId"] == "api-keyword")
    assert keyword["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("engine/step.py")
    assert [each["physicalLocation"]["artifactLocation"] for each in keyword["relatedLocations"]] == [
        {"uri": "kit/core.py", "uriBaseId": "kit-1.0"},
        {"uri": "kit/core.py", "uriBaseId": "kit-2.0"},
    ]
    assert sarif["originalUriBaseIds"]["kit-2.0"] == {"description": {"text": "The wheel of kit 2.0."}}


def test_github_annotations(root: Path, ask: Ask) -> None:
    lines = ask(root, "audit", "2.0", "--api", "--format", "github").out.split("\n")
    (line,) = [each for each in lines if "api-positional" in each]
    assert line.startswith("::error file=")
    assert "step.py,line=9,endLine=9,col=5,endColumn=17,title=fi-bump api-positional::Wrapper.plan() takes" in line
    assert "%0Akit/core.py:7: kit 2.0: Wrapper.plan(indptr, group=None, pages=None, heads=None, causal=False)" in line


def test_markdown_is_a_migration_page(root: Path, ask: Ask) -> None:
    table, _, page = ask(root, "audit", "2.0", "--api", "--format", "markdown").out.partition("### kit 1.0 -> 2.0")
    assert "| engine/step.py:7:5 | api-keyword | run() does not take the keyword tile in kit 2.0 |\n" in table
    assert page.startswith(
        "\n\nkit 1.0 -> 2.0: 4 API findings; 10 of 10 uses in 2 files compared\n\n#### The package\n"
    )
    assert (
        "**run() does not take the keyword tile in kit 2.0** (api-keyword)\n\n"
        "| kit 1.0 | kit 2.0 |\n| --- | --- |\n"
        "| `run(q, k, tile=1)` | `run(q, k, *, scale=None)` |\n"
        "| `kit/core.py:1` | `kit/core.py:1` |\n\n"
        "Parameters: `- tile`, `+ scale=None`\n\n"
        "Since [1.2](https://github.com/kit/kit/releases/tag/v1.2) (2026-05-01).\n\n"
        "- `engine/step.py:7:5`: `run(q, k, tile=8)`\n"
    ) in page
    assert "#### Tests, benchmarks and examples\n" in page


def test_an_index_without_the_wheel_is_said(root: Path, ask: Ask, index: Index) -> None:
    Package("kit", {"1.0": WHEELS["1.0"], "2.0": b"no zip"}).serve(index)
    result = ask(root, "audit", "2.0", "--api")
    assert result.code == 3
    assert result.err.startswith("URL/files/kit-2.0-py3-none-any.whl: its ")


def test_a_tree_without_a_call_opens_no_wheel(root: Path, ask: Ask, index: Index) -> None:
    plant(
        root,
        {
            "engine/step.py": b"",
            "tests/test_step.py": b"",
            "versions.lock.json": LOCK.replace(b"kit", b"flashinfer-python"),
        },
    )
    plant(root, {"requirements.txt": b"flashinfer-python==1.0\n"})
    Package("flashinfer-python", {"1.0": WHEELS["1.0"]}).serve(index)
    result = ask(root, "audit", "--api")
    assert result.out.split("\n")[1] == "flashinfer-python 1.0: no Python file here uses it"


def test_kept_sources_are_not_fetched_again(root: Path, ask: Ask, index: Index) -> None:
    ask(root, "audit", "2.0", "--api")
    before = index.seen.copy()
    assert ask(root, "audit", "2.0", "--api").out == REPORT
    fetched = [path for path, number in (index.seen - before).items() if path.endswith(".whl")]
    assert fetched == []


def test_set_reports_the_calls_that_break(root: Path, ask: Ask) -> None:
    out = ask(root, "set", "2.0").out
    assert out.startswith("requirements.txt:1:6: kit 1.0 -> 2.0\nkit 1.0 -> 2.0: 1 pin in 1 file\n")
    assert out.endswith(REPORT.partition("\n")[2])
    assert (root / "requirements.txt").read_bytes() == b"kit==2.0\n"


def test_set_strict_stops_for_a_call_that_breaks(root: Path, ask: Ask) -> None:
    before = snapshot(root)
    for more in ((), ("--dry-run",)):
        result = ask(root, "set", "2.0", "--strict", *more)
        said = result.err if more else result.out
        assert (result.code, said) == (1, f"{REPORT.partition(chr(10))[2]}nothing was changed\n")
    assert snapshot(root) == before
    assert ask(root, "set", "1.1", "--strict").code == 0


def test_a_rehearsal_reports_the_code_beside_the_patch(root: Path, ask: Ask, index: Index) -> None:
    result = ask(root, "set", "2.0", "--dry-run")
    assert (result.code, "kit==2.0" in result.out, "api-" in result.out) == (0, True, False)
    assert result.err == ask(root, "set", "2.0").out


def test_set_moves_though_the_sources_cannot_be_read(root: Path, ask: Ask, index: Index) -> None:
    wheels = {"1.0": WHEELS["1.0"], "2.0": wheel("kit", "2.0", {"kit/core.py": NEW})}
    Package("kit", wheels, ranges=False).serve(index)
    from fi_bump.index import wheel_files

    largest, wheel_files.LARGEST_DOWNLOAD = wheel_files.LARGEST_DOWNLOAD, 10
    try:
        result = ask(root, "set", "2.0", "--strict")
    finally:
        wheel_files.LARGEST_DOWNLOAD = largest
    assert result.code == 0
    assert (
        "note: the code is not compared: URL/files/kit-1.0-py3-none-any.whl: its sources cannot be read" in result.out
    )


def test_the_body_of_a_pull_request_names_the_calls(root: Path, ask: Ask, tmp_path: Path) -> None:
    body = tmp_path / "body.md"
    assert ask(root, "set", "2.0", "--pr-body", str(body)).code == 0
    section = body.read_text().partition("Code that calls kit\n")[2].partition("\n#")[0]
    assert "- `engine/step.py:7:5`: run() does not take the keyword tile in kit 2.0 \\[api-keyword\\]\n" in section
    assert "- kit 1.0 -> 2.0: 4 API findings; 10 of 10 uses in 2 files compared\n" in section


def test_an_index_that_does_not_answer(root: Path, ask: Ask, index: Index, run: Run) -> None:
    result = run(root, "audit", "2.0", "--api", "--index", "http://127.0.0.1:9/simple", offline=False)
    assert (result.code, result.out) == (3, "")
    assert result.err == (
        "http://127.0.0.1:9/simple/kit/: cannot be reached\nhelp: check the network and the index's URL\n"
    )


def test_a_wheel_that_does_not_come_while_the_rest_of_the_audit_does(root: Path, ask: Ask, index: Index) -> None:
    package = Package("kit", WHEELS, sidecar=True)
    package.serve(index)
    gone = "/files/kit-2.0-py3-none-any.whl"
    index.routes[gone] = lambda index, asked: Reply(404, {}, b"") if asked.path == gone else package.file(index, asked)
    result = ask(root, "audit", "2.0", "--api")
    assert result.code == 3
    assert result.out.startswith("kit 2.0: no conflicts\nnote: the code is not compared: URL/files/kit-2.0")
    assert result.out.endswith("kit 1.0 -> 2.0: not compared\n")


ODD = {
    "bom": b"\xef\xbb\xbffrom kit.core import run\nrun(1, 2, tile=3)\n",
    "crlf": b"from kit.core import run\r\nrun(1, 2, tile=3)\r\n",
    "latin": b"# -*- coding: latin-1 -*-\nfrom kit.core import run; \xe9 = 1\nrun(1, 2, tile=3)\n",
    "wide": "from kit.core import run\n'✓é'; run(1, 2, tile=3)\n".encode(),
}
BROKEN = {
    "codec": b"# coding: no-such\nfrom kit.core import run\n",
    "deep": b"import kit\nx = " + b"(" * 5000 + b"kit" + b")" * 5000 + b"\n",
    "long": b"import kit\nx = " + b"+".join([b"kit.gone"] * 20000) + b"\n",
    "nul": b"import kit\x00\n",
    "old": b"import kit\nprint kit.gone\n",
    "syntax": b"import kit\nkit.gone(\n",
}


def test_odd_and_broken_files(root: Path, ask: Ask) -> None:
    plant(root, {f"engine/{name}.py": data for name, data in (*ODD.items(), *BROKEN.items())})
    plant(root, {"engine/step.py": b"", "tests/test_step.py": b""})
    result = ask(root, "audit", "2.0", "--api")
    assert (result.code, result.err) == (1, "")
    found = [line.partition(": ")[0] for line in result.out.split("\n") if line.endswith("[api-keyword]")]
    assert found == ["engine/bom.py:2:1", "engine/crlf.py:2:1", "engine/latin.py:3:1", "engine/wide.py:2:7"]
    said = [line for line in result.out.split("\n") if line.startswith("note: engine/")]
    assert said == [
        f"note: engine/{name}.py: cannot be parsed by this Python, so its calls are not compared" for name in BROKEN
    ]
