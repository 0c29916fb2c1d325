"""Tests of trying a dependency's releases: the whole command with real environments, and its parts."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from fi_bump.errors import FiBumpError
from fi_bump.repository import open_repository
from fi_bump.smoke import interpreter as target_module
from fi_bump.smoke.candidates import releases
from fi_bump.smoke.environment import EnvironmentRequest, Maker
from fi_bump.smoke.interpreter import Interpreter
from fi_bump.smoke.model import RepositoryPin, Sweep, SweptRelease
from fi_bump.smoke.probes.protocol import ProbeRequest
from fi_bump.smoke.registry import PROBES
from fi_bump.smoke.repository_pins import Pins, pins_of
from fi_bump.smoke.session import Setup
from fi_bump.smoke.sweep import SweepPlan, sweep, varied
from tests.conftest import OLD, Run, plant
from tests.index.server import Package, running
from tests.index.server import wheel as an_index_wheel
from tests.smoke.fakes import TARGET, Remembered, fake_python, wheel

DSL = "nvidia-cutlass-dsl"
REQUEST = ProbeRequest("target", "flashinfer", "0.6.8.post1")


@pytest.fixture
def folder_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide uv, so that venv and pip make the environments."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


# A fake probe for a real environment of fake wheels: its kernel uses a function that a release of the DSL may lack.
STAND_IN = """
import json, sys
request = json.load(open(sys.argv[1]))
if request["probe"] == "target":
    import importlib.metadata
    installed = {each.metadata["Name"]: each.version for each in importlib.metadata.distributions()}
    requires = {name: importlib.metadata.requires(name) or [] for name in request["packages"] if name in installed}
    metrics = {"python": "3", "torch": None, "cuda": None, "driver": None, "devices": [], "packages": installed,
               "requires": requires, "markers": {"python_version": "3.12"}}
    result = {"outcome": "pass", "reason": None, "metrics": metrics}
else:
    import cutlass, flashinfer
    try:
        result = {"outcome": "compiled", "reason": flashinfer.compile(cutlass), "metrics": {}}
    except AttributeError as error:
        result = {"outcome": "fail", "reason": str(error), "metrics": {}}
result["nonce"] = request["nonce"]
json.dump(result, open(sys.argv[2], "w"))
"""


@pytest.mark.slow
def test_the_whole_sweep_in_real_environments(
    tmp_path: Path, engine: Path, run: Run, monkeypatch: pytest.MonkeyPatch, folder_only: None
) -> None:
    house = tmp_path / "house"
    kernel = "def compile(cutlass): return 'for sm_100a, by ' + cutlass.make_fragment\n"
    wheel(house, "flashinfer-python", "0.6.8.post1", {"flashinfer.py": kernel}, (f"{DSL}>=4.5.0", "torch"))
    wheel(house, "torch", "2.11.0", {"torch.py": ""})
    wheel(house, DSL, "4.4.0", {"cutlass.py": "make_fragment = '4.4.0'\n"})
    wheel(house, DSL, "4.5.2", {"cutlass.py": "make_fragment = '4.5.2'\n"})
    wheel(house, DSL, "4.6.0", {"cutlass.py": ""})
    plant(engine, {"requirements/dsl.txt": b"nvidia-cutlass-dsl==4.6.0\n"})
    main = tmp_path / "probes.py"
    main.write_text(STAND_IN)
    monkeypatch.setattr(target_module, "PROBES", str(main))
    report = tmp_path / "sweep.json"
    arguments = ("--sweep", DSL, "--wheelhouse", str(house), "--cache", str(tmp_path / "cache"))
    result = run(engine, "smoke", *arguments, "--output", str(report))
    assert (result.code, result.out) == (
        1,
        "no GPU, Python 3\n"
        "release                   outcome\n"
        "nvidia-cutlass-dsl 4.5.2  compiled  for sm_100a, by 4.5.2\n"
        "nvidia-cutlass-dsl 4.6.0  fail      module 'cutlass' has no attribute 'make_fragment'\n"
        "the wheel's metadata allows nvidia-cutlass-dsl>=4.5.0\n"
        "pin nvidia-cutlass-dsl>=4.5.2,<4.6\n"
        "requirements/dsl.txt:1:21: 4.6.0 is not in this range\n"
        "flashinfer 0.6.8.post1: not ok\n"
        "  requirements/dsl.txt:1:21: nvidia-cutlass-dsl 4.6.0 is not in nvidia-cutlass-dsl>=4.5.2,<4.6\n",
    )
    assert json.loads(report.read_bytes())["result"]["sweep"]["range"] == "nvidia-cutlass-dsl>=4.5.2,<4.6"
    assert "making an environment with nvidia-cutlass-dsl==4.6.0\n" in result.err


class Made(Maker):
    """Make fake environments: for each release its behaviour, or the reason why it cannot be installed."""

    def fill(self, home: str, wanted: EnvironmentRequest) -> str:
        version = wanted.requirements[-1].partition("==")[2]
        if version.startswith("9"):
            raise FiBumpError(f"cannot install {' '.join(wanted.requirements)}: no such release")
        source = "answer('fail', 'no make_fragment')" if version >= "4.6" else "answer('compiled', 'for sm_100a')"
        return fake_python(Path(home) / "bin", {"cutedsl-masked-moe": source})


def swept(tmp_path: Path, versions: tuple[str, ...], pins: Pins, progress: Remembered) -> Sweep:
    plan = SweepPlan(DSL, versions, EnvironmentRequest(("flashinfer-python==0.6.8.post1",)), REQUEST, 60.0)
    base = Interpreter(sys.executable, str(tmp_path))
    found, planned = sweep(plan, TARGET, base, Made(str(tmp_path)), progress, pins)
    assert planned == versions
    return found


def test_named_releases(tmp_path: Path) -> None:
    progress = Remembered()
    pins = Pins((("a.txt:1:1", "4.5.2"),), (("b.txt:1:1", ">=4.5.0"), ("c.txt:1:1", "<4.6")))
    cannot = "cannot install flashinfer-python==0.6.8.post1 torch==2.11.0 nvidia-cutlass-dsl==9.0: no such release"
    assert swept(tmp_path, ("4.5.2", "4.6.0", "9.0"), pins, progress) == Sweep(
        DSL,
        ">=4.5.0",
        (
            SweptRelease("4.5.2", "compiled", "for sm_100a"),
            SweptRelease("4.6.0", "fail", "no make_fragment"),
            SweptRelease("9.0", "not-run", cannot),
        ),
        "nvidia-cutlass-dsl>=4.5.2,<4.6",
        (
            RepositoryPin("a.txt:1:1", "4.5.2", True),
            RepositoryPin("b.txt:1:1", ">=4.5.0", False),
            RepositoryPin("c.txt:1:1", "<4.6", True),
        ),
    )
    assert progress.said == [
        "making an environment with nvidia-cutlass-dsl==4.5.2",
        "nvidia-cutlass-dsl==4.5.2 cutedsl-masked-moe starts without a device",
        "nvidia-cutlass-dsl==4.5.2 cutedsl-masked-moe compiled",
        "making an environment with nvidia-cutlass-dsl==4.6.0",
        "nvidia-cutlass-dsl==4.6.0 cutedsl-masked-moe starts without a device",
        "nvidia-cutlass-dsl==4.6.0 cutedsl-masked-moe fail",
        "making an environment with nvidia-cutlass-dsl==9.0",
        "nvidia-cutlass-dsl==9.0 not-run",
    ]
    # The probes' logs are kept, but not the environments.
    assert [sorted(os.listdir(tmp_path / f"{DSL}=={version}")) for version in ("4.5.2", "4.6.0", "9.0")] == [
        [f"cutedsl-masked-moe.{kind}" for kind in ("log", "request.json", "result.json")],
        [f"cutedsl-masked-moe.{kind}" for kind in ("log", "request.json", "result.json")],
        [],
    ]


def test_nothing_survives(tmp_path: Path) -> None:
    found = swept(tmp_path, ("4.6.0",), Pins((("a", "4.6.0"),), (("b", ">=4"),)), Remembered())
    assert found.range is None
    assert [pin.inside for pin in found.pins] == [False, False]


def test_no_release_is_admitted(tmp_path: Path) -> None:
    wheel(tmp_path / "house", DSL, "4.4.0", {})
    plan = SweepPlan(DSL, (), EnvironmentRequest(("a==1",), (), str(tmp_path / "house")), REQUEST)
    base = Interpreter(sys.executable, str(tmp_path))
    with pytest.raises(FiBumpError) as caught:
        sweep(plan, TARGET, base, Made(str(tmp_path)), Remembered(), Pins((), ()))
    assert str(caught.value) == "found no release of nvidia-cutlass-dsl>=4.5.0"
    assert caught.value.hint == "name releases: --sweep nvidia-cutlass-dsl==VERSION,…"


def test_the_worst_of_several_probes() -> None:
    from fi_bump.smoke.model import ProbeReport
    from fi_bump.smoke.sweep import _release

    good, bad = ProbeReport("a", "pass", None, 1, {}), ProbeReport("b", "compiled", "for sm_100a", 1, {})
    assert _release("1", [good]) == SweptRelease("1", "pass", None)
    assert _release("1", [good, bad]) == SweptRelease("1", "compiled", "for sm_100a")


@pytest.mark.parametrize(
    ("requirements", "package", "expected"),
    [
        # Only the group's package with the kernel; the others are gigabytes that the kernel does not use.
        (
            ("flashinfer-python==1", "flashinfer-cubin==1", "flashinfer-jit-cache==1+cu130", "mine==2"),
            DSL,
            ("flashinfer-python==1", "mine==2", "torch==2.11.0", f"{DSL}==4.5.2"),
        ),
        (("flashinfer-python==1",), DSL, ("flashinfer-python==1", "torch==2.11.0", f"{DSL}==4.5.2")),
        (("flashinfer-python==1", "torch<3"), DSL, ("flashinfer-python==1", "torch<3", f"{DSL}==4.5.2")),
        (("flashinfer-python==1", f"{DSL}==4.5.0"), DSL, ("flashinfer-python==1", "torch==2.11.0", f"{DSL}==4.5.2")),
        (("flashinfer-python==1", "torch<3"), "torch", ("flashinfer-python==1", "torch==4.5.2")),
    ],
)
def test_what_stays_as_it_is(requirements: tuple[str, ...], package: str, expected: tuple[str, ...]) -> None:
    members = ("flashinfer-python", "flashinfer-cubin", "flashinfer-jit-cache")
    made = varied(EnvironmentRequest(requirements), (PROBES["cutedsl-masked-moe"],), TARGET, members, package, "4.5.2")
    assert made == EnvironmentRequest(expected)


def test_where_the_repository_pins_it(engine: Path) -> None:
    plant(
        engine,
        {"requirements/dsl.txt": b"nvidia-cutlass-dsl==4.5.2\n", "requirements/b.txt": b"nvidia_cutlass_dsl>=4.5,<5\n"},
    )
    found = pins_of(open_repository(str(engine)), DSL)
    assert found.exact == (("requirements/dsl.txt:1:21", "4.5.2"),)
    assert [(place.partition(":")[0], text) for place, text in found.ranges] == [("requirements/b.txt", ">=4.5,<5")]


PIP = "print({!r}, flush=True)\n"


def test_releases_by_pip(tmp_path: Path) -> None:
    said = "nvidia-cutlass-dsl (4.8.1)\nAvailable versions: 4.8.1, 4.6.0, 4.5.2\n  INSTALLED: 4.5.2"
    python = fake_python(tmp_path, {"pip": PIP.format(said)})
    assert releases(DSL, python, str(tmp_path / "log")) == ["4.8.1", "4.6.0", "4.5.2"]


@pytest.mark.network
def test_releases_by_the_real_pip(tmp_path: Path) -> None:
    listed = releases("packaging", sys.executable, str(tmp_path / "log"))
    assert {"24.0", "24.1"} <= set(listed)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            PIP.format("ERROR: No matching distribution found") + "sys.exit(1)",
            "exited with 1: ERROR: No matching distribution found",
        ),
        (PIP.format("nothing"), "exited with 0: nothing"),
    ],
)
def test_releases_that_pip_cannot_list(tmp_path: Path, source: str, reason: str) -> None:
    python = fake_python(tmp_path, {"pip": source})
    log = str(tmp_path / "log")
    with pytest.raises(FiBumpError) as caught:
        releases(DSL, python, log)
    assert str(caught.value) == f"pip cannot list the releases of nvidia-cutlass-dsl: {reason}"
    assert caught.value.hint == (
        f"see its output in {log}, or name the releases: --sweep nvidia-cutlass-dsl==VERSION,…"
    )


def test_a_package_that_the_wheel_does_not_limit_is_said_before_its_releases_are_listed(tmp_path: Path) -> None:
    (tmp_path / "house").mkdir()
    plan = SweepPlan(DSL, (), EnvironmentRequest(("a==1",), (), str(tmp_path / "house")), REQUEST)
    progress = Remembered()
    base = Interpreter(sys.executable, str(tmp_path))
    with pytest.raises(FiBumpError):
        sweep(plan, TARGET._replace(requires={}), base, Made(str(tmp_path)), progress, Pins((), ()))
    some = f"to try a few, interrupt this and name them: --sweep {DSL}==VERSION,…"
    assert progress.said == [f"the wheel's metadata does not limit {DSL}: every final release is tried; {some}"]


@pytest.mark.parametrize(
    ("requires", "options", "told"),
    [
        (("torch", "kit>=1"), ("--sweep", "torch"), True),
        (("kit>=1",), ("--sweep", "torch"), True),
        (("torch>=2.9",), ("--sweep", "torch"), False),
        (("torch",), ("--sweep", "torch==2.9"), False),
        # No answer of the index is no answer about the package.
        ((), ("--sweep", "torch"), False),
    ],
)
def test_a_package_that_the_release_does_not_limit_is_said_before_anything_is_made(
    engine: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    requires: tuple[str, ...],
    options: tuple[str, ...],
    told: bool,
) -> None:
    from fi_bump.commands import smoke

    setups: list[Setup] = []

    class Made:
        def __init__(self, setup: Setup, _: object) -> None:
            setups.append(setup)
            raise FiBumpError("an environment is made")

    monkeypatch.setattr(smoke, "Session", Made)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with running() as index:
        if requires:
            name = "flashinfer-python"
            Package(name, {OLD: an_index_wheel(name, OLD, *requires)}).serve(index)
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"{index.url}/simple")
        monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
        done = run(engine, "smoke", *options, offline=False)
    assert [setup.told_unlimited for setup in setups] == [told]
    said = "the wheel's metadata does not limit torch: every final release is tried; to try a few, interrupt this and "
    assert (
        done.err
        == (said + "name them: --sweep torch==VERSION,…\n" if told else "") + "fi-bump: an environment is made\n"
    )
    assert done.code == 3


def test_what_was_told_is_not_told_again(tmp_path: Path) -> None:
    (tmp_path / "house").mkdir()
    plan = SweepPlan(DSL, (), EnvironmentRequest(("a==1",), (), str(tmp_path / "house")), REQUEST, told=True)
    progress = Remembered()
    with pytest.raises(FiBumpError):
        sweep(
            plan,
            TARGET._replace(requires={}),
            Interpreter(sys.executable, str(tmp_path)),
            Made(str(tmp_path)),
            progress,
            Pins((), ()),
        )
    assert progress.said == []
