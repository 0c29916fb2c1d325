"""Run probes in the target interpreter, each in its own process, with a request file and a result file."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from fi_bump import user_files
from fi_bump.boundary.reading import read_regular
from fi_bump.compare.cases import NO_CASES, CaseResult
from fi_bump.errors import FiBumpError, UsageError, reason_of
from fi_bump.smoke import evidence, probes, process
from fi_bump.smoke.model import Device, Target
from fi_bump.smoke.probes.protocol import ProbeRequest, ProbeResult
from fi_bump.smoke.registry import TARGET
from fi_bump.untrusted import finite, printable

# Variables of this process that would change what a probe sees in the target.
_LEFT_OUT = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "FLASHINFER_DISABLE_VERSION_CHECK", "__PYVENV_LAUNCHER__")
_SECONDS = 300.0
_LARGEST_RESULT = 64 << 20
# The script that runs a probe in any interpreter.
PROBES = os.path.join(os.path.dirname(os.path.abspath(probes.__file__)), "__main__.py")


class Interpreter(NamedTuple):
    """A Python, and the folder for the requests, results and logs of this run.

    `tools` is a second folder with commands, such as that of the base; it may be None.
    """

    python: str
    folder: str
    tools: str | None = None

    def environment(self, device: str | None = None) -> dict[str, str]:
        """Return a probe's variables, with the interpreter's tools (ninja) first on PATH.

        `device` becomes CUDA_VISIBLE_DEVICES; None leaves that variable as it is.
        """
        variables = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
        folders = (os.path.dirname(self.python), self.tools, variables.get("PATH", os.defpath))
        variables |= {"PATH": os.pathsep.join(folder for folder in folders if folder)}
        variables |= {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"}
        if device is not None:
            variables["CUDA_VISIBLE_DEVICES"] = device
        return variables

    def log(self, name: str) -> str:
        """Return the path of a probe's log."""
        return os.path.join(self.folder, f"{name}.log")


class ProbeAnswer(NamedTuple):
    """A probe's result, its wall time, whether it was stopped by an interrupt, and the test cases of pytest."""

    result: ProbeResult
    seconds: float
    stopped: bool = False
    cases: Mapping[str, CaseResult] = NO_CASES


def existing(python: str, option: str = "--python") -> str:
    """Return the path of the interpreter that an option names, by path or by name on PATH. Raises UsageError."""
    found = shutil.which(os.path.expanduser(python))
    if found is None or os.path.isdir(found):
        hint = f"give {option} the path of a Python, or its name on PATH"
        raise UsageError(f"'{python}' is not a Python interpreter", hint=hint)
    # Links are not resolved, because the link in a virtual environment tells Python which environment it is.
    return os.path.abspath(found)


def ask(
    interpreter: Interpreter,
    request: ProbeRequest,
    *,
    seconds: float,
    device: str | None = None,
    watch: Callable[[str], None] = lambda line: None,
    stop: threading.Event | None = None,
) -> ProbeAnswer:
    """Run one probe and return its answer; a crash or a timeout is a failed result.

    Raises FiBumpError only when the request cannot be written.
    """
    question = os.path.join(interpreter.folder, f"{request.probe}.request.json")
    reply = os.path.join(interpreter.folder, f"{request.probe}.result.json")
    request = replace(request, nonce=secrets.token_hex(16))
    user_files.put(question, request.to_json().encode())
    try:
        ended = process.run(
            [interpreter.python, PROBES, question, reply],
            log=interpreter.log(request.probe),
            seconds=seconds,
            environment=interpreter.environment(device),
            watch=watch,
            stop=stop,
        )
    except OSError as error:
        return ProbeAnswer(ProbeResult("fail", f"cannot be started: {reason_of(error)}"), 0.0)
    return ProbeAnswer(_judged(ended, reply, seconds, request), ended.seconds, ended.stopped)


def _judged(ended: process.Ended, reply: str, limit: float, request: ProbeRequest) -> ProbeResult:
    """Return the probe's result, or a failure if the process did not end with 0, or the result is not believed."""
    if not ended.clean:
        return ProbeResult("fail", ended.reason(limit))
    try:
        result = _result(read_regular(reply, _LARGEST_RESULT))
        doubt = evidence.doubt(result, request)
        if doubt is not None:
            result = replace(result, outcome="fail", reason=f"its result is not believed: {doubt}")
        return replace(result, nonce="")
    except FileNotFoundError:
        return ProbeResult("fail", f"ended without a result{f': {ended.tail}' if ended.tail else ''}")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        return ProbeResult("fail", f"its result cannot be read: {printable(str(error))}")


def _result(data: bytes) -> ProbeResult:
    """Parse a result. Raises ValueError or TypeError for anything that `ProbeResult.to_json` would not write."""
    text = data.decode("utf-8")
    document = json.loads(text, parse_constant=_no_constant, parse_float=finite)
    if not isinstance(document, dict):
        raise ValueError("it is not an object")
    result = ProbeResult.from_json(text)
    if not (isinstance(result.reason, str) or result.reason is None) or not isinstance(result.metrics, dict):
        raise ValueError("its reason is not a text, or its metrics are not an object")
    return replace(result, reason=None if result.reason is None else printable(result.reason, 1000))


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON")


def inspect(interpreter: Interpreter, request: ProbeRequest, seconds: float | None = None) -> Target:
    """Ask the interpreter for its versions, packages and devices, within `seconds` or else 300 seconds.

    Raises FiBumpError when it does not answer: then no probe can run in it.
    """
    answer = ask(interpreter, request, seconds=seconds or _SECONDS)
    hint = f"see its output in {interpreter.log(TARGET)}"
    if answer.result.outcome != "pass":
        raise FiBumpError(
            f"this interpreter cannot be used: {answer.result.reason}", place=interpreter.python, hint=hint
        )
    try:
        return _target(answer.result.metrics)
    except (KeyError, TypeError, ValueError, AttributeError):
        message = "this interpreter does not describe itself"
        raise FiBumpError(message, place=interpreter.python, hint=hint) from None


def _target(metrics: dict[str, Any]) -> Target:
    devices = tuple(
        Device(int(device["index"]), str(device["name"]), _capability(device["capability"]), device["uuid"])
        for device in metrics["devices"]
    )
    return Target(
        python=str(metrics["python"]),
        torch=metrics["torch"],
        cuda=metrics["cuda"],
        driver=metrics["driver"],
        devices=devices,
        packages={str(name): str(version) for name, version in metrics["packages"].items()},
        requires={str(name): [str(line) for line in lines] for name, lines in metrics["requires"].items()},
        markers={str(name): str(value) for name, value in metrics["markers"].items()},
    )


def _capability(text: str) -> tuple[int, int]:
    major, minor = text.split(".")
    return int(major), int(minor)
