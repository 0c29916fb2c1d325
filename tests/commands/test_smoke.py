"""Tests of `fi-bump smoke` as a user runs it, with fake interpreters that misbehave."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fi_bump.errors import FiBumpError
from fi_bump.smoke import environment
from fi_bump.smoke import session as session_module
from fi_bump.smoke.environment import EnvironmentRequest
from fi_bump.smoke.registry import PROBES
from tests.conftest import OLD, Result, Run, plant, spawn
from tests.report.smoke.test_reports import VALIDATOR
from tests.smoke.fakes import B200, H200, HANGS, METRICS, SEGFAULTS, fake_python
from tests.smoke.test_process import soon_gone

HEAD = "NVIDIA H200 (9.0), driver 580.95.05, CUDA 13.0, torch 2.11.0+cu130, Python 3.12.3\n"


class Smoke:
    """Run `smoke` with one fake interpreter and an empty cache."""

    def __init__(self, run: Run, engine: Path, tmp_path: Path) -> None:
        self._run = run
        self.engine = engine
        self.folder = tmp_path

    def __call__(
        self, *arguments: str, probes: dict[str, str] | None = None, metrics: dict[str, Any] | None = None
    ) -> Result:
        python = fake_python(self.folder / "bin", probes, metrics)
        cache = str(self.folder / "cache")
        return self._run(self.engine, "smoke", "--python", python, "--cache", cache, *arguments)

    def json(self, *arguments: str, **fakes: Any) -> tuple[int, Any]:
        """Return the exit code and the report, after validating the report against its schema."""
        result = self(*arguments, "--format", "json", **fakes)
        report = json.loads(result.out)
        VALIDATOR.validate(report)
        return result.code, report["result"]


@pytest.fixture
def smoke(run: Run, engine: Path, tmp_path: Path) -> Smoke:
    return Smoke(run, engine, tmp_path)


def outcomes(report: Any) -> dict[str, str]:
    return {probe["name"]: probe["outcome"] for probe in report["probes"]}


@pytest.mark.slow
def test_all_is_well(smoke: Smoke) -> None:
    code, report = smoke.json()
    assert (code, report["ok"], report["problems"]) == (0, True, [])
    assert (report["group"], report["version"]) == ("flashinfer", OLD)
    assert report["required"] == [
        "environment",
        "offline-start",
        "mxfp4-sm90-interleave",
        "fp4-scale-contract",
        "paged-attention",
        "mla-decode",
        "moe-soak",
        "gdn-prefill",
    ]
    assert outcomes(report) == {
        "environment": "pass",
        "offline-start": "pass",
        "mxfp4-sm90-interleave": "pass",
        "fp4-scale-contract": "pass",
        "cutedsl-masked-moe": "compiled",
        "paged-attention": "pass",
        "mla-decode": "pass",
        "moe-soak": "pass",
        "gdn-prefill": "pass",
        "allreduce-fusion": "not-run",
    }
    assert report["target"]["devices"] == [H200]


@pytest.mark.slow
def test_the_table_and_the_plain_progress(smoke: Smoke) -> None:
    result = smoke("--only", "environment", probes={"environment": "print('[1/2] x'); answer('fail', 'odd')"})
    lines = result.out.split("\n")
    assert result.code == 1
    assert lines[0] + "\n" == HEAD
    assert lines[1].split() == ["probe", "outcome", "time", "reason"]
    assert lines[2].split()[:2] == ["environment", "fail"]
    assert lines[2].endswith("  odd")
    assert lines[3:] == [f"flashinfer {OLD}: not ok", "  environment failed: odd", ""]
    first, second, third = result.err.split("\n")[:3]
    assert first.startswith(f"output is kept in {smoke.folder}/cache/runs/flashinfer-{OLD}-")
    assert second == "environment: started on device 0"
    assert re.fullmatch(r"environment: fail in \d+\.\d+ s: odd", third)
    folder = Path(first.removeprefix("output is kept in "))
    assert (folder / "environment.log").read_text() == "[1/2] x\n"


@pytest.mark.slow
def test_whatever_becomes_of_the_probes_the_run_goes_on(smoke: Smoke) -> None:
    probes = {
        "environment": SEGFAULTS,
        "offline-start": "answer('fail', 'asks')",
        "mxfp4-sm90-interleave": HANGS,
        "fp4-scale-contract": "open(sys.argv[3], 'w').write('{')",
        "cutedsl-masked-moe": "sys.exit(3)",
        "paged-attention": "sys.exit(4)",
        "mla-decode": "sys.exit(5)",
        "moe-soak": "sys.exit(6)",
        "gdn-prefill": "sys.exit(7)",
    }
    code, report = smoke.json("--timeout", "2", probes=probes)
    assert (code, report["ok"]) == (1, False)
    assert [(probe["name"], probe["outcome"], probe["reason"]) for probe in report["probes"]] == [
        ("environment", "fail", "killed by SIGSEGV: about to fall"),
        ("offline-start", "fail", "asks"),
        ("mxfp4-sm90-interleave", "fail", "exceeded its time limit of 2 s and was killed"),
        (
            "fp4-scale-contract",
            "fail",
            "its result cannot be read: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        ("cutedsl-masked-moe", "fail", "exited with 3"),
        ("paged-attention", "fail", "exited with 4"),
        ("mla-decode", "fail", "exited with 5"),
        ("moe-soak", "fail", "exited with 6"),
        ("gdn-prefill", "fail", "exited with 7"),
        (
            "allreduce-fusion",
            "not-run",
            "runs only on 2 GPUs of compute capability 9.0 and later, which --devices names; "
            "the device here is NVIDIA H200 (9.0)",
        ),
    ]
    assert [problem["probe"] for problem in report["problems"]] == list(outcomes(report))[:-1]


NO_GPU = {**METRICS, "devices": [], "cuda": None, "driver": None}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "metrics", "probes", "code", "messages"),
    [
        # Without a GPU, the probes that can compile must have compiled.
        ((), NO_GPU, {}, 0, []),
        (
            (),
            NO_GPU,
            {"cutedsl-masked-moe": "answer('not-run', 'no nvidia-cutlass-dsl')"},
            1,
            ["cutedsl-masked-moe is required but did not run: no nvidia-cutlass-dsl"],
        ),
        (
            ("--only", "mxfp4-sm90-interleave"),
            NO_GPU,
            {},
            1,
            ["no probe can run on this machine, so nothing was tested"],
        ),
        (
            ("--require", "mxfp4-sm90-interleave"),
            NO_GPU,
            {},
            1,
            [
                "mxfp4-sm90-interleave is required but did not run: runs only on compute capability 9.0; there is no device here"
            ],
        ),
        # On a GPU that can run the probe, compiling is not enough.
        (
            (),
            {**METRICS, "devices": [{**B200, "index": 0}]},
            {},
            1,
            ["cutedsl-masked-moe is required to run but was only compiled: for sm_100a, which is not here"],
        ),
        ((), METRICS, {"cutedsl-masked-moe": "answer('not-run', 'no nvidia-cutlass-dsl')"}, 0, []),
        (
            ("--require", "cutedsl-masked-moe", "--only", "environment"),
            METRICS,
            {"cutedsl-masked-moe": "answer('not-run', 'no nvidia-cutlass-dsl')"},
            1,
            ["cutedsl-masked-moe is required but did not run: no nvidia-cutlass-dsl"],
        ),
    ],
)
def test_what_is_required(
    smoke: Smoke,
    arguments: tuple[str, ...],
    metrics: dict[str, Any],
    probes: dict[str, str],
    code: int,
    messages: list[str],
) -> None:
    exit_code, report = smoke.json(*arguments, metrics=metrics, probes=probes)
    assert [problem["message"] for problem in report["problems"]] == messages
    assert (exit_code, report["ok"]) == (code, code == 0)


@pytest.mark.slow
def test_probes_spread_over_devices(smoke: Smoke) -> None:
    says = "answer('pass', device=os.environ['CUDA_VISIBLE_DEVICES'])"
    names = ("mxfp4-sm90-interleave", "cutedsl-masked-moe")
    metrics = {**METRICS, "devices": [H200, B200]}
    code, report = smoke.json("--devices", "0,1", metrics=metrics, probes=dict.fromkeys(names, says))
    assert code == 0
    devices = {probe["name"]: probe["metrics"].get("device") for probe in report["probes"]}
    assert (devices["mxfp4-sm90-interleave"], devices["cutedsl-masked-moe"]) == ("GPU-0000", "GPU-1111")


@pytest.mark.slow
def test_the_request_that_a_probe_gets(smoke: Smoke) -> None:
    code, report = smoke.json(
        "--only", "environment", "--jit", "path", probes={"environment": "answer('pass', **request)"}
    )
    metrics = report["probes"][0]["metrics"]
    assert len(metrics.pop("nonce")) == 32
    version = dict.fromkeys(("flashinfer-python", "flashinfer"), OLD)
    assert (code, metrics) == (
        0,
        {
            "installed": version,
            "imported": version,
            "probe": "environment",
            "group": "flashinfer",
            "version": OLD,
            "packages": {"flashinfer-cubin": None, "flashinfer-jit-cache": None, "flashinfer-python": None},
            "cache": str(smoke.folder / "cache" / "jit"),
            "jit": "path",
            "compile_for": "",
        },
    )


def test_reports_in_files(smoke: Smoke) -> None:
    names = ("a.json", "junit=b", "c.md", "d.txt")
    paths = [smoke.folder / name.rpartition("=")[2] for name in names]
    options = [name.replace(path.name, str(path)) for name, path in zip(names, paths, strict=True)]
    arguments = [part for option in options for part in ("--output", option)]
    result = smoke(*arguments, "--only", "environment")
    assert result.code == 0
    VALIDATOR.validate(json.loads(paths[0].read_bytes()))
    assert paths[1].read_bytes().startswith(b'<?xml version="1.0" encoding="utf-8"?>\n<testsuite name="fi-bump smoke')
    assert paths[2].read_bytes().startswith(f"### flashinfer {OLD}: ok\n".encode())
    assert paths[3].read_text() == result.out


@pytest.mark.slow
def test_a_baseline(smoke: Smoke) -> None:
    earlier = str(smoke.folder / "earlier.json")
    wrong = {"mxfp4-sm90-interleave": "answer('fail', 'wrong', error=1.4)"}
    assert smoke("--output", earlier, probes=wrong).code == 1
    # The baseline has this failure too, so it is reported but does not make the run red.
    code, report = smoke.json("--baseline", earlier, "--tolerance", "0.5", probes=wrong)
    assert (code, report["comparison"]["standing_failures"]) == (0, ["mxfp4-sm90-interleave"])
    worse = {
        "mxfp4-sm90-interleave": "answer('fail', 'worse', error=2.8)",
        "environment": "answer('fail', 'new')",
    }
    code, report = smoke.json("--baseline", earlier, "--tolerance", "0.5", probes=worse)
    assert (code, report["comparison"]["new_failures"]) == (1, ["environment"])
    assert [problem["message"] for problem in report["problems"]] == ["environment failed: new"]
    errors = [change for change in report["comparison"]["changes"] if change["metric"] == "error"]
    assert errors == [{"probe": "mxfp4-sm90-interleave", "metric": "error", "before": 1.4, "after": 2.8, "share": 1.0}]


@pytest.mark.slow
def test_an_engines_tests(smoke: Smoke) -> None:
    plant(smoke.engine, {"tests/test_moe.py": b""})
    suite = "<testsuite><testcase classname='m' name='t'>{}</testcase></testsuite>"
    write = "path = sys.argv[-2].partition('=')[2]; open(path, 'w').write({!r})"
    good = {"pytest": write.format(suite.format(""))}
    code, report = smoke.json("--only", "environment", "--pytest", "tests/test_moe.py::t", probes=good)
    assert (code, report["required"], outcomes(report)) == (
        0,
        ["environment", "pytest"],
        {"environment": "pass", "pytest": "pass"},
    )
    # If every test was skipped, the run has shown nothing.
    skipped = {"pytest": write.format(suite.format("<skipped message='needs sm_100'/>"))}
    code, report = smoke.json("--only", "environment", "--pytest", "tests/test_moe.py::t", probes=skipped)
    assert (code, [problem["message"] for problem in report["problems"]]) == (
        1,
        ["pytest is required but did not run: all 1 tests were skipped: needs sm_100"],
    )


@pytest.mark.slow
def test_another_release_beside_it(run: Run, engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Made(environment.Maker):
        """Return a fake interpreter for each version; the newer one fails."""

        def make(self, wanted: EnvironmentRequest) -> str:
            version = next(each.partition("==")[2] for each in wanted.requirements if "-python==" in each)
            layout = "legacy" if version == OLD else "interleaved"
            return fake_python(tmp_path / version, {"mxfp4-sm90-interleave": f"answer('pass', layout={layout!r})"})

    monkeypatch.setattr(session_module, "Maker", Made)
    arguments = ("--only", "mxfp4-sm90-interleave", "--against", "0.6.11.post2", "--cache", str(tmp_path / "cache"))
    result = run(engine, "smoke", *arguments)
    assert result.code == 0
    assert f"making an environment with flashinfer-cubin=={OLD} flashinfer-python=={OLD}\n" in result.err
    first, second = result.err.split("for comparison: flashinfer 0.6.11.post2\n")
    assert all("mxfp4-sm90-interleave: pass" in each for each in (first, second))
    lines = [line.split() for line in result.out.split("\n")]
    assert ["probe", OLD, "0.6.11.post2"] in lines
    assert ["mxfp4-sm90-interleave", "layout", "legacy", "interleaved"] in lines
    report = json.loads(run(engine, "smoke", *arguments, "--format", "json").out)
    VALIDATOR.validate(report)
    report = report["result"]
    assert (report["version"], report["against"]["version"]) == (OLD, "0.6.11.post2")


def test_a_release_that_cannot_be_installed_stops_the_run_before_its_first_probe(
    run: Run, engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Made(environment.Maker):
        """Install the locked release, and fail for the other."""

        def make(self, wanted: EnvironmentRequest) -> str:
            if f"flashinfer-python=={OLD}" not in wanted.requirements:
                raise FiBumpError("cannot install the other release")
            return fake_python(tmp_path / "python", {"environment": "answer('pass')"})

    monkeypatch.setattr(session_module, "Maker", Made)
    arguments = ("--only", "environment", "--against", "0.6.11.post2", "--cache", str(tmp_path / "cache"))
    result = run(engine, "smoke", *arguments)
    assert (result.code, result.out) == (3, "")
    assert result.err.endswith("fi-bump: cannot install the other release\n")
    assert "environment: started" not in result.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--only", "mxfp4"), 2, "fi-bump: there is no probe 'mxfp4'"),
        (("--require", "mxfp4"), 2, "fi-bump: there is no probe 'mxfp4'"),
        (("--group", "torch"), 2, "fi-bump: the lock has no group 'torch'"),
        (("--devices", "3"), 2, "fi-bump: there is no device '3'"),
        (("--output", "report"), 2, "fi-bump: 'report' does not name a format"),
        (("--output", "none/a.json"), 3, "none/a.json: cannot be written: its folder does not exist"),
        (("--baseline", "none.json"), 3, "none.json: cannot be read: no such file or directory"),
        (("--with", "-r x"), 2, "fi-bump: '-r x' is not a requirement"),
        (
            ("--with", "torch"),
            2,
            "fi-bump: --python cannot be used with --wheelhouse or --with: nothing is installed into that interpreter",
        ),
        (
            ("--wheelhouse", "."),
            2,
            "fi-bump: --python cannot be used with --wheelhouse or --with: nothing is installed into that interpreter",
        ),
        (
            ("--against", "0.6.9"),
            2,
            "fi-bump: --against cannot be used with --python: it makes an environment for each release",
        ),
        (("--sweep", "numpy"), 2, "fi-bump: no probe that compiles without a GPU depends on 'numpy'"),
        (("--sweep", "=="), 2, "fi-bump: '==' does not name a package and its releases"),
        (
            ("--sweep", "nvidia-cutlass-dsl", "--only", "environment"),
            2,
            "fi-bump: --sweep cannot be used with --only, --require, --pytest, --against or --baseline",
        ),
        (("--pytest", "tests/none.py"), 2, "tests/none.py: this path does not exist"),
        (("--python", "none"), 2, "fi-bump: 'none' is not a Python interpreter"),
    ],
)
def test_what_cannot_be_asked(
    smoke: Smoke, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, message: str
) -> None:
    monkeypatch.chdir(smoke.folder)
    result = smoke(*arguments)
    errors = [line for line in result.err.split("\n") if not line.startswith("output is kept in")]
    assert (result.code, result.out, errors[0]) == (code, "", message)


@pytest.mark.parametrize(
    "arguments", [("--tolerance", "-1"), ("--timeout", "0"), ("--jit", "most"), ("--format", "xml")]
)
def test_wrong_usage(smoke: Smoke, arguments: tuple[str, ...]) -> None:
    result = smoke(*arguments)
    assert (result.code, result.out) == (2, "")


def test_no_lock(run: Run, bare: Path) -> None:
    result = run(bare, "smoke")
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith("versions.lock.json: there is no lock here\n")


def test_an_interpreter_that_falls(smoke: Smoke) -> None:
    result = smoke(probes={"target": "sys.exit('no such library')"})
    assert (result.code, result.out) == (3, "")
    python = smoke.folder / "bin" / "python"
    assert f"{python}: this interpreter cannot be used: exited with 1: no such library\n" in result.err


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("where", ["environment", "target", "install"])
def test_an_interrupt_ends_every_process(engine: Path, tmp_path: Path, number: signal.Signals, where: str) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    source = (
        "child = subprocess.Popen(['sleep', '600'])\n"
        f"open({str(fifo)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(600)"
    )
    arguments = ["smoke", "--cache", str(tmp_path / "cache")]
    if where == "install":
        installer = tmp_path / "bin" / "uv"
        installer.parent.mkdir()
        installer.write_text(f"#!{sys.executable}\nimport os, subprocess, time\n{source}\n")
        installer.chmod(0o755)
    else:
        arguments += ["--python", fake_python(tmp_path / "bin", {where: source})]
    process = spawn(engine, *arguments, PATH=f"{tmp_path / 'bin'}:/usr/bin:/bin")
    # Opening the pipe waits until the process runs; the process closes it after writing both numbers.
    pids = [int(text) for text in fifo.read_text().split()]
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, b"")
    assert err.endswith(b"fi-bump: interrupted\n")
    assert [soon_gone(pid) for pid in pids] == [True, True]


@pytest.mark.slow
def test_on_a_terminal_progress_is_live(engine: Path, tmp_path: Path) -> None:
    python = fake_python(tmp_path / "bin", {"environment": "print('[12/24] nvcc', flush=True); answer('pass')"})
    arguments = ["-C", str(engine), "smoke", "--python", python, "--cache", str(tmp_path / "cache"), "--format", "json"]
    terminal, inner = os.openpty()
    environ = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    command = [sys.executable, "-m", "fi_bump", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=inner, env=environ)
    os.close(inner)
    shown = b""
    # Reading a terminal after its last writer has exited raises an error.
    with contextlib.suppress(OSError):
        while piece := os.read(terminal, 65536):
            shown += piece
    os.close(terminal)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    VALIDATOR.validate(json.loads(out))
    assert b"environment: pass in 0." in shown
    assert b"\x1b[" in shown


@pytest.mark.parametrize(
    ("packages", "found"),
    [
        ({"flashinfer-python": "0.6.9+cu130"}, "this interpreter has flashinfer-python 0.6.9+cu130"),
        ({}, "this interpreter has no flashinfer-python"),
    ],
)
def test_a_sweep_goes_by_the_locked_version(packages: dict[str, str], found: str, smoke: Smoke) -> None:
    result = smoke("--sweep", "nvidia-cutlass-dsl==4.5.2", metrics={**METRICS, "packages": packages})
    python = smoke.folder / "bin" / "python"
    assert (result.code, result.out) == (3, "")
    assert result.err.split("\n")[1:] == [
        f"{python}: {found}, but the lock says {OLD}",
        "help: leave out --python, so that the sweep installs the locked version",
        "",
    ]


KEY = f"{OLD}-sm_90-quick-0123456789abcdef"
COMPILES = f"""
# As jit.prepare does, which makes a folder of its own in the folder that it gets.
folder = os.path.join(request["cache"], "jit", {KEY!r}, "ops", "moe")
os.makedirs(folder, exist_ok=True)
for name, text in (("moe.so", "library"), ("trapped-quick", "3"), ("moe.o", "object")):
    open(os.path.join(folder, name), "w").write(text)
answer("compiled", "compiled for compute capability " + request["compile_for"], asked=request)
"""


@pytest.mark.slow
def test_modules_are_compiled_without_a_gpu_and_taken_elsewhere(smoke: Smoke, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    code, report = smoke.json(
        "--compile-only",
        "--export-modules",
        str(shared),
        probes={"mxfp4-sm90-interleave": COMPILES, "environment": "answer('fail', 'must not run')"},
        metrics=METRICS | {"devices": []},
    )
    assert (code, report["required"]) == (0, ["mxfp4-sm90-interleave"])
    (probe,) = report["probes"]
    assert (probe["outcome"], probe["reason"]) == ("compiled", "compiled for compute capability 9.0")
    assert probe["metrics"]["asked"]["compile_for"] == "9.0"
    assert sorted(path.name for path in (shared / KEY).rglob("*") if path.is_file()) == [
        "manifest.json",
        "moe.so",
        "trapped-quick",
    ]
    loads = f"answer('pass', there=os.listdir(os.path.join(request['cache'], 'jit', {KEY!r}, 'ops', 'moe')))"
    only = ("--only", "mxfp4-sm90-interleave", "--cache", str(tmp_path / "other"), "--modules", str(shared))
    code, report = smoke.json(*only, probes={"mxfp4-sm90-interleave": loads})
    assert (code, sorted(report["probes"][0]["metrics"]["there"])) == (0, ["moe.so", "trapped-quick"])


def test_runs_share_a_folder_that_is_empty_at_first(smoke: Smoke, tmp_path: Path) -> None:
    shared = str(tmp_path / "shared")
    both = ("--modules", shared, "--export-modules", shared)
    compiled = smoke(
        "--compile-only", *both, probes={"mxfp4-sm90-interleave": COMPILES}, metrics=METRICS | {"devices": []}
    )
    assert (compiled.code, "copied 2 files of compiled modules to" in compiled.err) == (0, True)
    loads = f"answer('pass', there=os.listdir(os.path.join(request['cache'], 'jit', {KEY!r}, 'ops', 'moe')))"
    only = ("--only", "mxfp4-sm90-interleave", "--cache", str(tmp_path / "other"))
    code, report = smoke.json(*only, *both, probes={"mxfp4-sm90-interleave": loads})
    assert (code, sorted(report["probes"][0]["metrics"]["there"])) == (0, ["moe.so", "trapped-quick"])


def test_a_report_is_printed_though_its_modules_cannot_be_copied(smoke: Smoke, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    in_the_way = f"{COMPILES}\nos.rmdir({str(shared)!r}); open({str(shared)!r}, 'w').close()"
    result = smoke(
        "--compile-only",
        "--export-modules",
        str(shared),
        probes={"mxfp4-sm90-interleave": in_the_way},
    )
    assert result.code == 3
    assert f"flashinfer {OLD}: ok\n" in result.out
    assert result.err.endswith(f"{shared}: cannot be created: file exists\n")


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["--arch", "9.0a"], "--arch needs --compile-only", "add --compile-only, or leave out --arch"),
        (["--compile-only", "--arch", "hopper"], "'hopper' is not an architecture", "write it like 9.0a"),
        (
            ["--compile-only", "--devices", "0"],
            "--compile-only cannot be used with --require, --pytest, --against, --ab, --baseline, --devices or --sweep",
            "leave out the other options; --compile-only runs no kernel",
        ),
        (
            ["--compile-only", "--only", "environment"],
            "no chosen probe has modules that can be compiled ahead",
            "choose mxfp4-sm90-interleave",
        ),
        (
            ["--sweep", "nvidia-cutlass-dsl", "--modules", "x"],
            "--sweep cannot be used with --modules or --export-modules: a sweep keeps no modules",
            "leave out --modules and --export-modules",
        ),
    ],
)
def test_what_cannot_be_compiled_ahead(smoke: Smoke, arguments: list[str], message: str, hint: str) -> None:
    result = smoke(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err == f"fi-bump: {message}\nhelp: {hint}\n"


def test_the_list_of_probes(run: Run, tmp_path: Path) -> None:
    result = run(tmp_path, "smoke", "--list")  # without a lock
    assert (result.code, result.err) == (0, "")
    blocks = [block.split("\n") for block in re.split(r"\n(?=\S)", result.out.rstrip("\n"))]
    assert [block[0] for block in blocks] == list(PROBES)
    for block in blocks:
        assert [line.split()[0] for line in block[1:]] == ["tests", "finds", "runs", "takes"]
        assert all(len(line.split()) > 1 for line in block[1:])
    assert blocks[1] == [
        "offline-start",
        "  tests  FlashInfer starts without a network, and what it would download is named",
        "  finds  a start that downloads kernels or headers, which fails in a closed network",
        "  runs   anywhere",
        "  takes  11 s; it is ended after 600 s",
    ]


def test_a_target_that_tells_another_version_than_its_files(smoke: Smoke) -> None:
    site = smoke.folder / "lib/python3.12/site-packages/flashinfer_python-0.6.7.dist-info"
    site.mkdir(parents=True)
    (site / "METADATA").write_text("Name: flashinfer-python\nVersion: 0.6.7\n")
    result = smoke("--only", "environment")
    assert (result.code, result.out) == (3, "")
    says = f"this interpreter says that flashinfer-python is {OLD}, but the installed files say 0.6.7\n"
    assert says in result.err


def test_a_target_that_passes_and_shows_nothing(smoke: Smoke) -> None:
    code, report = smoke.json("--only", "environment", probes={"environment": "answer('pass', imported={})"})
    assert (code, report["ok"], report["probes"][0]["reason"]) == (
        1,
        False,
        "its result is not believed: it passed without the version of flashinfer that is imported",
    )


def test_an_interpreter_without_torch_and_flashinfer(engine: Path, tmp_path: Path, run: Run) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "empty"], check=True)
    python = str(tmp_path / "empty" / "bin" / "python")
    only = ("--only", "environment", "--only", "offline-start", "--cache", str(tmp_path / "cache"))
    result = run(engine, "smoke", "--python", python, *only)
    assert result.code == 1
    # The column of times is as wide as the longest, which differs from run to run.
    shown = re.sub(" {2,}", "  ", re.sub(r"[\d.]+ m?s(?= )", "N s", result.out))
    assert shown.split("\n")[1:] == [
        "probe  outcome  time  reason",
        "environment  fail  N s  flashinfer-python is not installed; torch is not installed",
        "offline-start  fail  N s  torch is not installed",
        "probe  metric  value",
        "environment  version check was disabled  no",
        f"flashinfer {OLD}: not ok",
        "  environment failed: flashinfer-python is not installed; torch is not installed",
        "  offline-start failed: torch is not installed",
        f"help: install flashinfer-python=={OLD} in this interpreter, or leave out --python, so that fi-bump makes an "
        "environment",
        "help: install torch in this interpreter, or leave out --python, so that fi-bump makes an environment",
        "",
    ]
