"""Tests of running a probe in an interpreter: every way of not answering is a failed probe with a reason."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fi_bump import __version__
from fi_bump.errors import FiBumpError, UsageError
from fi_bump.smoke.base_interpreter import examine
from fi_bump.smoke.interpreter import Interpreter, ask, existing, inspect
from fi_bump.smoke.model import Device, Target
from fi_bump.smoke.probes.protocol import ProbeRequest, ProbeResult
from tests.smoke.fakes import HANGS, METRICS, SEGFAULTS, fake_python

QUESTION = ProbeRequest(
    probe="environment",
    group="flashinfer",
    version="0.6.8",
    packages={"flashinfer-python": None},
    cache="/cache",
    jit="path",
)
RAW = "open(sys.argv[3], 'wb').write({!r})"


# What a fake environment shows when it passes.
SHOWN = {name: dict.fromkeys(("flashinfer-python", "flashinfer"), "0.6.8") for name in ("installed", "imported")}


def asked(tmp_path: Path, source: str, seconds: float = 60.0) -> ProbeResult:
    """Return the result of a probe that runs this source."""
    python = fake_python(tmp_path / "bin", {"environment": source})
    return ask(Interpreter(python, str(tmp_path)), QUESTION, seconds=seconds).result


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("answer('fail', 'off', error=0.004)", ProbeResult("fail", "off", {"error": 0.004})),
        ("answer('fail', 'wrong layout')", ProbeResult("fail", "wrong layout")),
        ("answer('not-run', 'no torch')", ProbeResult("not-run", "no torch")),
        ("answer('fail', '\\x1b[31mred\\nand more')", ProbeResult("fail", "[31mred and more")),
        ("", ProbeResult("fail", "ended without a result")),
        ("print('hm')", ProbeResult("fail", "ended without a result: hm")),
        ("sys.exit(3)", ProbeResult("fail", "exited with 3")),
        (SEGFAULTS, ProbeResult("fail", "killed by SIGSEGV: about to fall")),
        # A result before a crash does not count, because it may be wrong too.
        ("answer('pass'); sys.exit(1)", ProbeResult("fail", "exited with 1")),
        ("answer('pass'); os.abort()", ProbeResult("fail", "killed by SIGABRT: Fatal Python error: Aborted")),
        (
            RAW.format(b"garbage"),
            ProbeResult("fail", "its result cannot be read: Expecting value: line 1 column 1 (char 0)"),
        ),
        (
            RAW.format(b'{"outcome": "pass", "reason": null, "metrics": {"error": 1e999}}'),
            ProbeResult("fail", "its result cannot be read: 1e999 is not a number in JSON"),
        ),
        (
            RAW.format(b'{"outcome": "pass", "reason": null, "metrics": {"errors": [-1e400]}}'),
            ProbeResult("fail", "its result cannot be read: -1e400 is not a number in JSON"),
        ),
        (RAW.format(b"[]"), ProbeResult("fail", "its result cannot be read: it is not an object")),
        (
            RAW.format(b'{"outcome": "green"}'),
            ProbeResult("fail", "its result cannot be read: 'green' is not an outcome"),
        ),
        (
            RAW.format(b'{"outcome": "fail"}'),
            ProbeResult("fail", "its result cannot be read: 'fail' needs a reason"),
        ),
        (
            RAW.format(b'{"outcome": "pass", "metrics": {"error": NaN}}'),
            ProbeResult("fail", "its result cannot be read: NaN is not a number in JSON"),
        ),
        (
            RAW.format(b'{"outcome": "pass", "metrics": []}'),
            ProbeResult(
                "fail", "its result cannot be read: its reason is not a text, or its metrics are not an object"
            ),
        ),
        (
            RAW.format(b'{"outcome": "pass", "reason": 1}'),
            ProbeResult(
                "fail", "its result cannot be read: its reason is not a text, or its metrics are not an object"
            ),
        ),
        (
            RAW.format(b'{"outcome": "pass", "colour": "green"}'),
            ProbeResult(
                "fail", "its result cannot be read: ProbeResult.__init__() got an unexpected keyword argument 'colour'"
            ),
        ),
        (
            "os.mkdir(sys.argv[3])",
            ProbeResult("fail", "its result cannot be read: [Errno 22] Not a regular file: {reply!r}"),
        ),
        (
            "os.mkfifo(sys.argv[3])",
            ProbeResult("fail", "its result cannot be read: [Errno 22] Not a regular file: {reply!r}"),
        ),
        (
            "open(sys.argv[3], 'w').truncate(8 << 30)",
            ProbeResult("fail", "its result cannot be read: [Errno 27] Larger than 64 MiB: {reply!r}"),
        ),
        # A target that writes `pass`, and nothing that shows a run.
        (
            RAW.format(b'{"outcome": "pass"}'),
            ProbeResult("fail", "its result is not believed: it is not an answer to this request"),
        ),
        (
            RAW.format(b'{"outcome": "pass", "nonce": ""}'),
            ProbeResult("fail", "its result is not believed: it is not an answer to this request"),
        ),
        (
            "request['nonce'] = '0' * 32; answer('pass')",
            ProbeResult("fail", "its result is not believed: it is not an answer to this request", SHOWN),
        ),
        (
            "answer('pass', installed={}, imported={})",
            ProbeResult(
                "fail",
                "its result is not believed: it passed without the version of flashinfer-python that is installed",
                {"installed": {}, "imported": {}},
            ),
        ),
    ],
)
def test_what_becomes_of_a_probe(tmp_path: Path, source: str, result: ProbeResult) -> None:
    reason = result.reason and result.reason.format(reply=str(tmp_path / "environment.result.json"))
    assert asked(tmp_path, source) == ProbeResult(result.outcome, reason, result.metrics)


@pytest.mark.slow
def test_a_hang_is_a_failed_probe(tmp_path: Path) -> None:
    assert asked(tmp_path, HANGS, 1.5) == ProbeResult("fail", "exceeded its time limit of 1.5 s and was killed")


def test_an_interpreter_that_cannot_be_started(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_bytes(b"\x7fELF nonsense")
    python.chmod(0o755)
    answer = ask(Interpreter(str(python), str(tmp_path)), QUESTION, seconds=60)
    assert (answer.result, answer.seconds) == (ProbeResult("fail", "cannot be started: exec format error"), 0.0)


def test_a_probe_sees_its_request_and_its_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTHONHOME", "FLASHINFER_DISABLE_VERSION_CHECK"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HF_HOME", "kept")
    names = "('CUDA_VISIBLE_DEVICES', 'PYTHONPATH', 'FLASHINFER_DISABLE_VERSION_CHECK', 'HF_HOME', 'PYTHONUNBUFFERED')"
    source = f"answer('pass', request=request, path=os.environ['PATH'], **{{n: os.environ.get(n) for n in {names}}})"
    python = fake_python(tmp_path / "bin", {"environment": source})
    interpreter = Interpreter(python, str(tmp_path))
    metrics = ask(interpreter, QUESTION, seconds=60, device="GPU-1").result.metrics
    assert metrics.pop("path") == f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    assert len(metrics["request"].pop("nonce")) == 32
    assert metrics == {
        "request": {
            "probe": "environment",
            "group": "flashinfer",
            "version": "0.6.8",
            "packages": {"flashinfer-python": None},
            "cache": "/cache",
            "jit": "path",
            "compile_for": "",
        },
        **SHOWN,
        "CUDA_VISIBLE_DEVICES": "GPU-1",
        "PYTHONPATH": None,
        "FLASHINFER_DISABLE_VERSION_CHECK": None,
        "HF_HOME": "kept",
        "PYTHONUNBUFFERED": "1",
    }


def test_an_existing_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = fake_python(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert existing(python) == python
    assert existing("python") == python
    link = tmp_path / "link"
    link.symlink_to(python)
    assert existing(str(link)) == str(link)


@pytest.mark.parametrize("name", ["none", "."])
def test_no_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        existing(name)
    assert str(caught.value) == f"'{name}' is not a Python interpreter"
    assert caught.value.hint == "give --python the path of a Python, or its name on PATH"


def test_what_an_interpreter_is(tmp_path: Path) -> None:
    python = fake_python(tmp_path / "bin")
    assert inspect(Interpreter(python, str(tmp_path)), ProbeRequest("target", "g", "1")) == Target(
        python="3.12.3",
        torch="2.11.0+cu130",
        cuda="13.0",
        driver="580.95.05",
        devices=(Device(0, "NVIDIA H200", (9, 0), "GPU-0000"),),
        packages={"flashinfer-python": "0.6.8.post1", "torch": "2.11.0+cu130"},
        requires={"flashinfer-python": ["nvidia-cutlass-dsl>=4.5.0"]},
        markers={"python_version": "3.12", "sys_platform": "linux"},
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("sys.exit('no torch')", "this interpreter cannot be used: exited with 1: no torch"),
        ("answer('fail', 'odd')", "this interpreter cannot be used: odd"),
        ("answer('pass')", "this interpreter does not describe itself"),
        (
            "answer('pass', **{'devices': [{'index': 0, 'name': 'x', 'capability': '9', 'uuid': None}]})",
            "this interpreter does not describe itself",
        ),
    ],
)
def test_an_interpreter_that_does_not_say(tmp_path: Path, source: str, message: str) -> None:
    python = fake_python(tmp_path / "bin", {"target": source})
    with pytest.raises(FiBumpError) as caught:
        inspect(Interpreter(python, str(tmp_path)), ProbeRequest("target", "g", "1"))
    assert str(caught.value) == f"{python}: {message}"
    assert caught.value.hint == f"see its output in {tmp_path / 'target.log'}"


def own(tmp_path: Path, **environment: str) -> dict[str, Any]:
    """Return the real probe's description of the Python that runs this test."""
    request = ProbeRequest("target", "g", "1", {"rich": None, "no-such-package": None})
    answer = ask(Interpreter(sys.executable, str(tmp_path)), request, seconds=60)
    assert (answer.result.outcome, answer.result.reason) == ("pass", None)
    return answer.result.metrics


def test_the_probe_of_the_target_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = own(tmp_path)
    # A test run that is started as `../other/.venv/bin/python -m pytest` has that `..` in its own sys.executable.
    assert (said["python"], said["executable"]) == (platform.python_version(), os.path.abspath(sys.executable))
    assert said["packages"]["fi-bump"] == __version__
    assert said["packages"]["pyyaml"]
    assert list(said["packages"]) == sorted(said["packages"])
    assert said["requires"]["no-such-package"] == []
    assert [line for line in said["requires"]["rich"] if line.startswith("pygments")]
    assert said["markers"]["python_version"] == ".".join(platform.python_version_tuple()[:2])
    assert (said["torch"], said["cuda"], said["driver"], said["devices"]) == (None, None, None, [])
    assert said["torch_error"] == "ModuleNotFoundError: No module named 'torch'"


SMI = """#!/bin/sh
echo "580.95.05, NVIDIA H200, 9.0, GPU-aa"
echo "580.95.05, NVIDIA B200, 10.0, GPU-bb"
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (None, ["NVIDIA H200", "NVIDIA B200"]),
        ("1", ["NVIDIA B200"]),
        ("GPU-bb, 0", ["NVIDIA B200", "NVIDIA H200"]),
        ("", []),
        # Like CUDA, stop at the first unknown entry.
        ("0,7,1", ["NVIDIA H200"]),
    ],
)
def test_devices_without_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str | None, names: list[str]
) -> None:
    smi = tmp_path / "nvidia-smi"
    smi.write_text(SMI)
    smi.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if asked is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", asked)
    said = own(tmp_path)
    assert said["driver"] == "580.95.05"
    assert [device["name"] for device in said["devices"]] == names
    assert [device["index"] for device in said["devices"]] == list(range(len(names)))


@pytest.mark.slow
@pytest.mark.parametrize("body", ["exit 9", "echo one, two"])
def test_a_driver_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    smi = tmp_path / "nvidia-smi"
    smi.write_text(f"#!/bin/sh\n{body}\n")
    smi.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    said = own(tmp_path)
    assert (said["driver"], said["devices"]) == (None, [])


TORCH = """
class version: cuda = "13.0"
__version__ = "2.11.0+cu130"
class Properties: name, major, minor, uuid = "NVIDIA H200", 9, 0, "aa-bb"
class cuda:
    is_available = staticmethod(lambda: True)
    device_count = staticmethod(lambda: 2)
    get_device_properties = staticmethod(lambda index: Properties)
"""


def test_devices_by_torch(tmp_path: Path) -> None:
    # The interpreter starts the probe with a fake torch of these lines on its path.
    (tmp_path / "torch.py").write_text(TORCH)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    metrics = ask(Interpreter(str(python), str(tmp_path)), ProbeRequest("target", "g", "1"), seconds=60).result.metrics
    assert (metrics["torch"], metrics["cuda"], metrics["torch_error"]) == ("2.11.0+cu130", "13.0", None)
    card = {"name": "NVIDIA H200", "capability": "9.0", "uuid": "GPU-aa-bb"}
    assert metrics["devices"] == [{"index": 0, **card}, {"index": 1, **card}]


def test_the_default_metrics_of_the_fakes_are_those_of_the_probe(tmp_path: Path) -> None:
    assert set(METRICS) <= set(own(tmp_path))
    assert json.dumps(METRICS)


def test_a_result_that_is_a_pipe(tmp_path: Path) -> None:
    found = asked(tmp_path, "os.mkfifo(sys.argv[3])")
    where = f"{tmp_path}/environment.result.json"
    assert found == ProbeResult("fail", f"its result cannot be read: [Errno 22] Not a regular file: '{where}'")


@pytest.mark.slow
def test_the_first_question_has_the_limit_that_the_user_gives(tmp_path: Path) -> None:
    python = fake_python(tmp_path / "bin", {"target": HANGS})
    start = time.monotonic()
    with pytest.raises(FiBumpError) as caught:
        inspect(Interpreter(python, str(tmp_path)), replace(QUESTION, probe="target"), 1.0)
    assert caught.value.message == "this interpreter cannot be used: exceeded its time limit of 1 s and was killed"
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nsleep 60\n")
    slow.chmod(0o755)
    with pytest.raises(FiBumpError) as caught:
        examine(str(slow), str(tmp_path / "log"), {}, 1.0)
    assert "exceeded its time limit of 1 s" in caught.value.message
    assert time.monotonic() - start < 30
