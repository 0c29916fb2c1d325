"""`fi-bump bisect` as a user runs it: real indexes and folders of wheels, with environments that a fake makes."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fi_bump.bisection import session as session_module
from fi_bump.errors import FiBumpError
from fi_bump.index import retries
from fi_bump.smoke.environment import EnvironmentRequest, Maker
from tests.conftest import Result, Run, plant
from tests.index.server import Index, Package, running
from tests.smoke.fakes import METRICS, fake_python, wheel

MAIN, DSL = "flashinfer-python", "nvidia-cutlass-dsl"
VALIDATOR = jsonschema.Draft202012Validator(
    json.loads(files("fi_bump").joinpath("schemas", "bisect.schema.json").read_bytes())
)
CPU = {**METRICS, "devices": [], "cuda": None, "driver": None}
COMPILED = "answer('compiled', 'for sm_100a')"
BROKEN = "answer('fail', 'the kernel does not compile with nvidia-cutlass-dsl 4.6.0: no make_fragment')"
LOCK = b"""{"lock-version": 1, "groups": {"flashinfer": {"version": "0.6.4", "packages": {"flashinfer-cubin": {},
"flashinfer-python": {}}, "variables": [], "repositories": ["github.com/flashinfer-ai/flashinfer"],
"sites": ["requirements.txt#flashinfer-python"]}}}
"""
ENGINE = b"import flashinfer\n\n\ndef step(q):\n    return flashinfer.gemm(q, tile=4)\n"
OLD = {"flashinfer/__init__.py": "def gemm(q, tile=1): ...\n\n\ndef gone(q): ...\n"}
NEW = {"flashinfer/__init__.py": "def gemm(q, *, out=None): ...\n\n\nclass Plan:\n    def run(self, q): ...\n"}


def release(version: str) -> bytes:
    """Return a wheel: from 0.6.3 on with another API, a CUDA source and another requirement."""
    is_new = version >= "0.6.3"
    sources = {**(NEW if is_new else OLD), "flashinfer/data/a.cu": "new" if is_new else "old"}
    stem = f"flashinfer_python-{version}.dist-info"
    requires = f"Requires-Dist: {DSL}>=4.{5 if is_new else 4}\n"
    metadata = f"Metadata-Version: 2.1\nName: {MAIN}\nVersion: {version}\n{requires}"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in sources.items():
            archive.writestr(name, text)
        archive.writestr(f"{stem}/METADATA", metadata)
        record = "".join(f"{name},sha256={hash(text)},{len(text)}\n" for name, text in sources.items())
        archive.writestr(f"{stem}/RECORD", f"{record}{stem}/RECORD,,\n")
    return stream.getvalue()


RELEASES = ("0.6.0", "0.6.1", "0.6.2", "0.6.3", "0.6.4", "0.6.5rc1", "0.6.5")


class Made(Maker):
    """Makes fake environments. `broken` says what breaks a release, `asked` records the requests."""

    asked: list[tuple[str, ...]]
    broken: Callable[[dict[str, str]], bool]
    cannot: tuple[str, ...]
    metrics: dict[str, Any]
    probes: dict[str, str]

    def fill(self, home: str, wanted: EnvironmentRequest) -> str:
        cls = type(self)
        cls.asked.append(wanted.requirements)
        installed = {name: version for name, _, version in (each.partition("==") for each in wanted.requirements)}
        if any(f"{name}=={version}" in cls.cannot for name, version in installed.items()):
            raise FiBumpError(f"cannot install {' '.join(wanted.requirements)}: no wheel fits")
        installed = {DSL: "4.6.0", "pytest": "9.0", **installed, "torch": "2.11.0+cpu"}
        source = BROKEN if cls.broken(installed) else COMPILED
        metrics = {**cls.metrics, "packages": installed}
        return fake_python(Path(home) / "bin", {"cutedsl-masked-moe": source, **cls.probes}, metrics)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> type[Made]:
    """The fake of every environment; the releases from 0.6.3 on are broken."""

    class Fresh(Made):
        asked: list[tuple[str, ...]] = []  # noqa: RUF012  # one class for each test
        cannot = ()
        metrics = CPU
        probes: dict[str, str] = {}  # noqa: RUF012

        @staticmethod
        def broken(installed: dict[str, str]) -> bool:
            return installed[MAIN] >= "0.6.3"

    monkeypatch.setattr(session_module, "Maker", Fresh)
    return Fresh


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "engine"
    tree = {"versions.lock.json": LOCK, "requirements.txt": b"flashinfer-python==0.6.4\n", "engine/step.py": ENGINE}
    plant(root, tree)
    return root


@pytest.fixture
def index() -> Iterator[Index]:
    with running() as started:
        package = Package(MAIN, {version: release(version) for version in RELEASES})
        package.extra["flashinfer_python-0.6.2-py3-none-any.whl"] = {"yanked": "wrong numbers"}
        package.serve(started)
        yield started


Bisect = Callable[..., Result]


@pytest.fixture
def bisect(run: Run, root: Path, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bisect:
    """Run `bisect` with that index and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    monkeypatch.setattr(retries, "RETRIES", 1)

    def call(*arguments: str, online: bool = True) -> Result:
        asked = ("--index", f"{index.url}/simple") if online else ()
        return run(root, "bisect", "--cache", str(tmp_path / "cache"), *arguments, *asked, offline=not online)

    return call


ASKED = ("--good", "0.6.0", "--bad", "0.6.5", "--probe", "cutedsl-masked-moe")


def versions(made: type[Made], package: str = MAIN) -> list[str]:
    """Return the releases that were installed, in order."""
    return [each.partition("==")[2] for asked in made.asked for each in asked if each.startswith(f"{package}==")]


@pytest.mark.slow
def test_the_first_bad_release_and_what_it_changed(bisect: Bisect, made: type[Made], tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    result = bisect(*ASKED, "--output", str(report))
    # What explains a finding is that of `audit --api`, which has its own tests.
    explained = ("    before:", "    now:", "    parameters:", "    since:")
    assert "\n".join(line for line in result.out.split("\n") if not line.startswith(explained)) == (
        "flashinfer-python from 0.6.0 (good) to 0.6.5 (bad), judged by cutedsl-masked-moe: 2 environments for 6 "
        "releases\n"
        "  0.6.0  not tried\n"
        "  0.6.1  not tried\n"
        "  0.6.2  good, yanked (wrong numbers)\n"
        "  0.6.3  bad: the kernel does not compile with nvidia-cutlass-dsl 4.6.0: no make_fragment\n"
        "  0.6.4  not tried\n"
        "  0.6.5  not tried\n"
        "the first bad release of flashinfer-python is 0.6.3, uploaded on 2026-05-01\n"
        "  https://github.com/flashinfer-ai/flashinfer/releases/tag/v0.6.3\n"
        "what flashinfer-python 0.6.3 changed against 0.6.2:\n"
        "  no longer requires nvidia-cutlass-dsl>=4.4\n"
        "  now requires nvidia-cutlass-dsl>=4.5\n"
        "  CUDA and C++ files: 0 added, 0 removed, 1 changed\n"
        "  Python files: 0 added, 0 removed, 1 changed\n"
        "  public API: 1 removed, 1 changed, 2 added\n"
        "    removed: flashinfer.gone\n"
        "    changed: flashinfer.gemm(q, tile=1) -> (q, *, out=None)\n"
        "    added: flashinfer.Plan\n"
        "    added: flashinfer.Plan.run\n"
        "how the code of this repository fits it:\n"
        "  engine/step.py:5:12: gemm() does not take the keyword tile in flashinfer-python 0.6.3 [api-keyword]\n"
        "  flashinfer-python 0.6.2 -> 0.6.3: 1 API finding; 2 of 2 uses in 1 file compared\n"
        "an entry for the data of known breakages (fi_bump/data/breakages.json):\n"
        '  {"package": "flashinfer-python", "versions": "==0.6.3", "breaks_with": '
        '"nvidia-cutlass-dsl==4.6.0", "reason": "cutedsl-masked-moe fails there, and not with flashinfer-python 0.6.2: '
        'the kernel does not compile with nvidia-cutlass-dsl 4.6.0: no make_fragment"}\n'
        "  its range leaves out what was not tried: 0.6.4, 0.6.5\n"
    )
    assert result.code == 0
    # What is held is that of the first environment; the package that the probe does not use is left out.
    assert made.asked == [
        ("flashinfer-python==0.6.2",),
        ("flashinfer-python==0.6.3", "nvidia-cutlass-dsl==4.6.0", "torch==2.11.0"),
    ]
    document = json.loads(report.read_bytes())
    VALIDATOR.validate(document)
    document = document["result"]
    assert document["found"]["version"] == "0.6.3"
    assert not list((tmp_path / "cache").glob("runs/*/*/environment"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first_bad", "tried"),
    [
        ("0.6.1", ["0.6.2", "0.6.1", "0.6.0"]),
        ("0.6.2", ["0.6.2", "0.6.1"]),
        ("0.6.3", ["0.6.2", "0.6.3"]),
        ("0.6.4", ["0.6.2", "0.6.3", "0.6.4"]),
        ("0.6.5", ["0.6.2", "0.6.3", "0.6.4", "0.6.5"]),
    ],
)
def test_few_environments_and_no_end_is_believed_unseen(
    first_bad: str, tried: list[str], bisect: Bisect, made: type[Made]
) -> None:
    made.broken = staticmethod(lambda installed: installed[MAIN] >= first_bad)
    result = bisect(*ASKED)
    assert result.code == 0
    assert f"the first bad release of flashinfer-python is {first_bad}, uploaded on 2026-05-01\n" in result.out
    assert versions(made) == tried
    assert len(tried) <= 4  # ⌈log2 5⌉ + 1


@pytest.mark.slow
def test_the_release_that_repaired_something(bisect: Bisect, made: type[Made]) -> None:
    made.broken = staticmethod(lambda installed: installed[MAIN] < "0.6.3")
    result = bisect("--good", "0.6.5", "--bad", "0.6.0", "--probe", "cutedsl-masked-moe", "--format", "json")
    document = json.loads(result.out)
    VALIDATOR.validate(document)
    document = document["result"]
    assert (result.code, document["ok"], document["problems"]) == (0, True, [])
    assert document["found"] == {
        "kind": "first-good",
        "version": "0.6.3",
        "date": "2026-05-01",
        "page": "https://github.com/flashinfer-ai/flashinfer/releases/tag/v0.6.3",
        "before": "0.6.2",
        "not_judged": [],
    }
    changes = document["changes"]
    assert (changes["old"], changes["new"]) == ("0.6.2", "0.6.3")
    assert document["entry"]["versions"] == "==0.6.2"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda installed: True, "not certain: the release that --good names is bad\n"),
        (lambda installed: False, "not certain: the release that --bad names is good\n"),
    ],
)
def test_ends_that_are_not_as_they_were_said_to_be(
    broken: Callable[[dict[str, str]], bool], said: str, bisect: Bisect, made: type[Made]
) -> None:
    made.broken = staticmethod(broken)
    result = bisect(*ASKED)
    assert result.code == 1
    assert result.out.endswith(f"0.6.5  {'not tried' if 'good names' in said else 'good'}\n{said}")


@pytest.mark.slow
def test_a_release_that_cannot_be_installed_is_skipped_and_named(bisect: Bisect, made: type[Made]) -> None:
    made.cannot = (f"{MAIN}==0.6.3",)
    result = bisect(*ASKED)
    assert result.code == 1
    assert "  0.6.3  skipped: cannot install flashinfer-python==0.6.3 " in result.out
    assert "the first bad release of flashinfer-python is one of the releases between, or 0.6.4, " in result.out
    assert result.out.endswith("not certain: releases next to the border were not judged: 0.6.3\n")
    assert "breakages" not in result.out


@pytest.mark.slow
def test_it_goes_on_where_it_was_interrupted(bisect: Bisect, made: type[Made]) -> None:
    fill = made.fill

    def stops(self: Maker, home: str, wanted: EnvironmentRequest) -> str:
        if f"{MAIN}==0.6.3" in wanted.requirements:
            raise KeyboardInterrupt
        return fill(self, home, wanted)  # type: ignore[arg-type]  # the class that is patched

    made.fill = stops  # type: ignore[method-assign]  # of the same shape
    result = bisect(*ASKED)
    assert result.code == 130
    assert "after an interrupt, run fi-bump bisect --continue\n" in result.err
    made.fill = fill  # type: ignore[method-assign]  # as before
    result = bisect("--continue")
    assert result.code == 0
    assert "the first bad release of flashinfer-python is 0.6.3, uploaded" in result.out
    assert versions(made) == ["0.6.2", "0.6.3"]
    assert made.asked[1] == ("flashinfer-python==0.6.3", "nvidia-cutlass-dsl==4.6.0", "torch==2.11.0")


@pytest.mark.slow
def test_a_release_is_skipped_while_it_goes_on(bisect: Bisect, made: type[Made]) -> None:
    made.cannot = (f"{MAIN}==0.6.4",)
    bisect(*ASKED)
    result = bisect("--continue", "--skip", "0.6.3")
    assert "  0.6.3  bad: " in result.out  # what was judged stays judged
    result = bisect("--continue", "--skip", "0.7.0")
    assert (result.code, result.err) == (
        2,
        "fi-bump: 0.7.0 is not among the releases of this bisection\n"
        "help: skip one of 0.6.0, 0.6.1, 0.6.2, 0.6.3, 0.6.4, 0.6.5\n",
    )
    result = bisect(*ASKED, "--skip", "0.6.3")
    assert result.out.endswith("not certain: releases next to the border were not judged: 0.6.3, 0.6.4\n")


@pytest.mark.slow
def test_a_dependency_with_the_locked_group(bisect: Bisect, made: type[Made], index: Index) -> None:
    libraries = [f"{DSL}-libs"]
    for name, requires in ((DSL, libraries), (f"{DSL}-libs", [])):
        held = {version: of_dependency(name, version, requires) for version in ("4.5.0", "4.5.2", "4.6.0", "4.6.1")}
        Package(name, held).serve(index)
    made.broken = staticmethod(lambda installed: installed[DSL] >= "4.6")
    arguments = ("--package", DSL, "--good", "4.5.0", "--bad", "4.6.1", "--probe", "cutedsl-masked-moe")
    result = bisect(*arguments, "--with", "torch==2.11.0+cpu")
    assert result.code == 0
    head, *lines = result.out.split("\n")
    assert head == (
        "nvidia-cutlass-dsl from 4.5.0 (good) to 4.6.1 (bad) with flashinfer-python 0.6.4, judged by cutedsl-masked-moe: "
        "2 environments for 4 releases"
    )
    assert "the first bad release of nvidia-cutlass-dsl is 4.6.0, uploaded on 2026-05-01" in lines
    place = lines.index("what nvidia-cutlass-dsl 4.6.0 changed against 4.5.2:")
    assert lines[place + 1 : place + 5] == [
        "  with nvidia-cutlass-dsl-libs, which it requires at its own version",
        "  public API: 10 removed, 0 changed, 0 added",
        "    removed: cutlass.make_fragment",
        "    removed: cutlass.a0",
    ]
    assert json.loads(lines[-3]) == {
        "package": MAIN,
        "versions": "==0.6.4",
        "breaks_with": "nvidia-cutlass-dsl==4.6.0",
        "reason": "cutedsl-masked-moe fails there, and not with nvidia-cutlass-dsl 4.5.2: the kernel does not compile "
        "with nvidia-cutlass-dsl 4.6.0: no make_fragment",
    }
    assert made.asked == [
        ("flashinfer-python==0.6.4", "torch==2.11.0+cpu", "nvidia-cutlass-dsl==4.5.2"),
        ("flashinfer-python==0.6.4", "torch==2.11.0+cpu", "nvidia-cutlass-dsl==4.6.0"),
    ]


def of_dependency(name: str, version: str, requires: list[str]) -> bytes:
    """Return a wheel; the libraries have the names, and from 4.6 on none."""
    stem = f"{name.replace('-', '_')}-{version}.dist-info"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        if not requires:
            source = "".join(
                f"def {word}(): ...\n" for word in [*(f"a{number}" for number in range(9)), "make_fragment"]
            )
            # The folder on the import path was renamed too.
            folder = "packages" if version < "4.6" else "dsl"
            archive.writestr(f"libs/{folder}/cutlass/__init__.py", source if version < "4.6" else "X = 1\n")
            archive.writestr("libs.pth", f"import os\nlibs/{folder}\n")
        lines = "".join(f"Requires-Dist: {each}=={version}\n" for each in requires)
        archive.writestr(f"{stem}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{lines}")
    return stream.getvalue()


@pytest.mark.slow
def test_known_bad_releases_are_marked(bisect: Bisect, made: type[Made], root: Path, index: Index) -> None:
    Package(MAIN, {version: release(version) for version in ("0.6.8", "0.6.9", "0.6.14")}).serve(index)
    made.broken = staticmethod(lambda installed: installed[MAIN] != "0.6.14")
    result = bisect("--good", "0.6.14", "--bad", "0.6.8", "--probe", "cutedsl-masked-moe", "--with", f"{DSL}==4.6.0")
    assert "  0.6.14  good\n" in result.out
    assert "  0.6.9   bad, known to be bad: the kernel" in result.out
    assert "  0.6.8   not tried, known to be bad\n" in result.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "code", "last"),
    [
        ('python -m version "0.6.3"', 0, None),
        ("exit 125", 1, "not certain: releases next to the border were not judged: 0.6.1, 0.6.2, 0.6.3, 0.6.4"),
    ],
)
def test_a_command_judges(command: str, code: int, last: str | None, bisect: Bisect, made: type[Made]) -> None:
    made.probes = {"version": "import os; sys.exit(os.path.realpath(sys.argv[0]).split('/')[-4] >= sys.argv[3])"}
    result = bisect("--good", "0.6.0", "--bad", "0.6.5", "--run", command)
    assert result.code == code
    if last is None:
        assert "the first bad release of flashinfer-python is 0.6.3, uploaded" in result.out
        assert "  0.6.3  bad: exited with 1" in result.out
    else:
        assert last in result.out.split("\n")


def test_a_command_that_cannot_be_started(bisect: Bisect, made: type[Made]) -> None:
    result = bisect("--good", "0.6.0", "--bad", "0.6.5", "--run", "no-command-of-this-name")
    assert result.code == 2
    assert "the command cannot be started: exited with 127: " in result.err
    assert result.err.endswith("help: give --run a command that a shell can start in the repository's folder\n")


@pytest.mark.slow
def test_a_test_of_the_repository_judges(bisect: Bisect, made: type[Made], root: Path) -> None:
    plant(root, {"tests/test_x.py": b""})
    made.probes = {
        "pytest": (
            "report = next(each.partition('=')[2] for each in sys.argv if each.startswith('--junitxml='))\n"
            "bad = '0.6.4' in report or '0.6.3' in report\n"
            "said = '<failure message=\"AssertionError: 1 != 2\"/>' if bad else ''\n"
            'open(report, \'w\').write(f\'<testsuite><testcase classname="tests.test_x" name="test_a">{said}'
            "</testcase></testsuite>')\n"
            "sys.exit(int(bad))\n"
        )
    }
    result = bisect("--good", "0.6.0", "--bad", "0.6.4", "--pytest", "tests/test_x.py")
    assert "  0.6.3  bad: 1 of 1 tests failed, first tests.test_x::test_a: AssertionError: 1 != 2\n" in result.out
    assert result.code == 0
    # Nothing is known about what tests use, so the whole group is installed.
    assert made.asked[0] == ("flashinfer-cubin==0.6.2", "flashinfer-python==0.6.2")


@pytest.mark.slow
def test_a_metric_judges(bisect: Bisect, made: type[Made]) -> None:
    made.metrics = METRICS
    made.probes = {
        "mxfp4-sm90-interleave": "at = request['version']; answer('pass', layout='a' if at < '0.6.4' else 'b')"
    }
    asked = ("--good", "0.6.0", "--bad", "0.6.5", "--probe", "mxfp4-sm90-interleave", "--expect")
    result = bisect(*asked, "layout=a")
    assert result.code == 0
    assert "  0.6.4  bad: layout is b, not a\n" in result.out
    result = bisect(*asked, "scale=a")
    assert result.code == 1
    assert "  0.6.3  skipped: the probe reports no metric 'scale'\n" in result.out


def test_a_probe_that_this_machine_cannot_run(bisect: Bisect, made: type[Made]) -> None:
    result = bisect("--good", "0.6.0", "--bad", "0.6.5", "--probe", "mxfp4-sm90-interleave")
    assert (result.code, result.out) == (3, "")
    assert result.err.endswith(
        "fi-bump: mxfp4-sm90-interleave runs only on compute capability 9.0, and this machine has no device of that "
        "kind\nhelp: run the bisection on a machine with that device\n"
    )


@pytest.mark.slow
def test_a_folder_of_wheels_needs_no_network(bisect: Bisect, made: type[Made], tmp_path: Path) -> None:
    house = tmp_path / "house"
    for version in ("0.6.0", "0.6.2", "0.6.3", "0.6.5"):
        wheel(house, MAIN, version, {})
    result = bisect(*ASKED, "--wheelhouse", str(house), online=False)
    assert result.code == 0
    assert "the first bad release of flashinfer-python is 0.6.3\n" in result.out
    assert "what it changed is not known: the releases come from a folder of wheels\n" in result.out
    result = bisect(
        "--good", "0.6.0", "--bad", "0.6.4", "--probe", "cutedsl-masked-moe", "--wheelhouse", str(house), online=False
    )
    assert (result.code, result.err) == (
        1,
        f"{house}: this folder has no wheel of flashinfer-python 0.6.4\nhelp: put that wheel there\n",
    )


def test_an_end_that_the_index_lacks(bisect: Bisect, made: type[Made]) -> None:
    result = bisect("--good", "0.5.0", "--bad", "0.6.5", "--probe", "cutedsl-masked-moe")
    assert result.code == 1
    assert result.err.startswith("fi-bump: flashinfer-python 0.5.0 is not on http://")
    assert result.err.endswith("\nhelp: name releases that the index has\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--good", "0.6.0", "--bad", "0.6.5"),
            "a bisection needs exactly one of --probe, --pytest and --run, which judges each release\n"
            "help: for example --probe cutedsl-masked-moe",
        ),
        (
            (*ASKED, "--run", "true"),
            "a bisection needs exactly one of --probe, --pytest and --run, which judges each "
            "release\nhelp: leave out the others",
        ),
        (
            ("--bad", "0.6.5", "--run", "true"),
            "a bisection needs --good VERSION and --bad VERSION\n"
            "help: name the last release that works and the first one that is known not to work",
        ),
        (
            ("--good", "0.6.0", "--bad", "0.6", "--run", "true"),
            "--good and --bad name the same release, 0.6.0\nhelp: name two releases",
        ),
        (
            ("--good", "0.6.0", "--bad", "0.6.5", "--run", "true", "--expect", "a=b"),
            "--expect needs --probe, whose metric it names\nhelp: add --probe NAME",
        ),
        (
            (*ASKED, "--expect", "layout"),
            "'layout' does not name a metric and its value\n"
            "help: write METRIC=VALUE, for example --expect layout=legacy",
        ),
        (
            (*ASKED, "--package", DSL, "--base", sys.executable),
            "--package cannot be used with --base: the base may contain the package of which releases are tried\n"
            "help: leave out --base",
        ),
        (
            ("--continue", "--good", "0.6.0"),
            "--continue takes the question from the kept state, so it cannot be used with --good\n"
            "help: leave out --good, or leave out --continue to start again",
        ),
        (
            (*ASKED, "--shard", "0/3"),
            "'0/3' does not name a part of a run\nhelp: write K/N with K from 1 to N, for example --shard 1/4",
        ),
    ],
)
def test_what_makes_no_sense(arguments: tuple[str, ...], message: str, bisect: Bisect, made: type[Made]) -> None:
    result = bisect(*arguments)
    assert (result.code, result.out, result.err, made.asked) == (2, "", f"fi-bump: {message}\n", [])


@pytest.mark.slow
def test_there_is_nothing_to_continue(bisect: Bisect, made: type[Made], tmp_path: Path) -> None:
    result = bisect("--continue")
    assert (result.code, result.err) == (
        3,
        "fi-bump: there is no bisection to continue in this repository\n"
        "help: start the bisection again: fi-bump bisect --good VERSION --bad VERSION\n",
    )
    bisect(*ASKED)
    (state,) = (tmp_path / "cache" / "bisect").iterdir()
    state.write_text("{}")
    result = bisect("--continue")
    assert (result.code, result.err.split("\n")[0]) == (3, f"{state}: this file is not a bisection")


def test_pytest_is_missing(bisect: Bisect, made: type[Made], root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(root, {"tests/test_x.py": b""})

    def bare(self: Maker, home: str, wanted: EnvironmentRequest) -> str:
        installed = {name: version for name, _, version in (each.partition("==") for each in wanted.requirements)}
        return fake_python(Path(home) / "bin", {}, {**CPU, "packages": installed})

    monkeypatch.setattr(made, "fill", bare)
    result = bisect("--good", "0.6.0", "--bad", "0.6.4", "--pytest", "tests/test_x.py")
    assert (result.code, result.err.split("\n")[-3:]) == (
        2,
        ["fi-bump: the environment has no pytest, which --pytest needs", "help: add --with pytest", ""],
    )


@pytest.mark.slow
def test_the_parts_of_a_bisection_are_joined(
    bisect: Bisect, made: type[Made], run: Run, root: Path, index: Index, tmp_path: Path
) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    for number in (1, 2, 3):
        result = bisect(*ASKED, "--shard", f"{number}/3", "--output", str(folder / f"{number}.json"))
        assert result.code == 0
        assert result.out.endswith(f"part {number}/3 of a run: join the parts with fi-bump smoke --merge DIR\n")
    assert versions(made) == ["0.6.0", "0.6.3", "0.6.1", "0.6.4", "0.6.2", "0.6.5"]
    for path in folder.iterdir():
        VALIDATOR.validate(json.loads(path.read_text()))
    whole = tmp_path / "whole.json"
    result = run(root, "smoke", "--merge", str(folder), "--output", str(whole))
    assert result.code == 0
    assert "  0.6.2  good, yanked (wrong numbers)\n  0.6.3  bad: " in result.out
    assert "the first bad release of flashinfer-python is 0.6.3, uploaded on 2026-05-01\n" in result.out
    assert json.loads(whole.read_text())["result"]["found"]["version"] == "0.6.3"
    (folder / "2.json").unlink()
    result = run(root, "smoke", "--merge", str(folder))
    assert result.code == 1
    assert "not certain: part 2/3 left no report, so these were not tried: 0.6.1, 0.6.4\n" in result.out
    result = run(root, "smoke", "--merge", str(folder), "--format", "sarif")
    assert (result.code, result.err) == (
        2,
        "fi-bump: a bisection has no format sarif\nhelp: use one of text, json, markdown\n",
    )
