"""What a probe's `pass` must show to be believed: an answer to this request, numbers in range, the wheel's version.

A target that ends early, or that writes `pass` without a run, shows nothing of it. A package that lies on purpose runs
in the process of the probe and can write what it likes: these checks find broken packages, not dishonest ones.
"""

from __future__ import annotations

import email.parser
import glob
import math
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fi_bump.grammar import canonical_name
from fi_bump.smoke.probes.protocol import ProbeRequest, ProbeResult
from fi_bump.smoke.registry import PACKAGES

# The bounds of the probes' own verdicts: of judge.py, of the masked mixture, whose weights have four bits too, and of
# the gated delta rule.
BOUND, MASKED_BOUND, RULE_BOUND = 0.01, 0.2, 0.03
_METADATA_BYTES = 1 << 20
_LIBRARIES = ("lib", "lib64")


def doubt(result: ProbeResult, request: ProbeRequest) -> str | None:
    """Return why a result is not believed, or None.

    Every result must carry the nonce of its request. A `pass` must have the metrics that its probe always has then.
    """
    if result.nonce != request.nonce:
        return "it is not an answer to this request"
    wanted = _REQUIRED.get(request.probe)
    return wanted(result.metrics, request) if result.outcome == "pass" and wanted is not None else None


def _number(metrics: Mapping[str, Any], name: str, lowest: float, highest: float) -> str | None:
    value = metrics.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return f"it passed without the metric {name}"
    if not lowest <= value <= highest:
        return f"it passed with {name} {value:.4g}, which is not from {lowest:g} to {highest:g}"
    return None


def _filled(metrics: Mapping[str, Any], name: str, kind: type) -> bool:
    """Whether a metric is there, of its type, and not empty."""
    return isinstance(metrics.get(name), kind) and bool(metrics[name])


def _first(doubts: Iterable[str | None]) -> str | None:
    return next((each for each in doubts if each is not None), None)


def _environment(metrics: Mapping[str, Any], request: ProbeRequest) -> str | None:
    """The main package is installed and imported at the locked version."""
    for name, package in (("installed", PACKAGES[0]), ("imported", "flashinfer")):
        table = metrics.get(name)
        version = table.get(package) if isinstance(table, dict) else None
        if not isinstance(version, str):
            return f"it passed without the version of {package} that is {name}"
        if version.partition("+")[0] != request.version:
            return f"it passed with {package} {version} {name}, the request is for {request.version}"
    return None


def _mixture(metrics: Mapping[str, Any], request: ProbeRequest) -> str | None:
    """The errors are within the bound, some cases were run, and the layout has a name."""
    if not (_filled(metrics, "layout", str) and _filled(metrics, "shapes", dict)):
        return "it passed without a layout and cases"
    return _first(_number(metrics, name, 0, BOUND) for name in ("overall", "worst_token", "worst_expert"))


def _scales(metrics: Mapping[str, Any], request: ProbeRequest) -> str | None:
    """Some shapes of scales were accepted, and errors, where the probe measures them, are within the bound."""
    if not _filled(metrics, "accepted", list) or metrics.get("per_expert_scale") not in ("accepted", "rejected"):
        return "it passed without an accepted shape of scales"
    return _number(metrics, "compile_seconds", 0, math.inf)


def _masked(metrics: Mapping[str, Any], request: ProbeRequest) -> str | None:
    """Some routings were run, each with errors within the bound."""
    routing = metrics.get("routing")
    if not isinstance(routing, dict) or not routing or not all(isinstance(each, dict) for each in routing.values()):
        return "it passed without a routing"
    return _first(_number(each, "worst_token", 0, MASKED_BOUND) for each in routing.values())


def _attention(metrics: Mapping[str, Any], request: ProbeRequest) -> str | None:
    """Some cases were run, and the worst error is within the bound."""
    if not _filled(metrics, "cases", dict):
        return "it passed without cases"
    return _number(metrics, "worst_token", 0, BOUND)


def _rule(metrics: Mapping[str, Any], request: ProbeRequest) -> str | None:
    """Some cases were run, and the worst error is within the bound of the gated delta rule."""
    if not _filled(metrics, "cases", dict):
        return "it passed without cases"
    return _number(metrics, "worst_token", 0, RULE_BOUND)


def _soak(metrics: Mapping[str, Any], request: ProbeRequest) -> str | None:
    """Some cases were run, with a replay at least, and none hung."""
    if not _filled(metrics, "cases", dict):
        return "it passed without cases"
    return "it passed with a hang" if "hung" in metrics else _number(metrics, "replays", 1, math.inf)


def _offline(metrics: Mapping[str, Any], request: ProbeRequest) -> str | None:
    """Modules were described, and the time was taken."""
    return _number(metrics, "modules", 1, math.inf) or _number(metrics, "run_seconds", 0, math.inf)


_REQUIRED: dict[str, Callable[[Mapping[str, Any], ProbeRequest], str | None]] = {
    "environment": _environment,
    "offline-start": _offline,
    "mxfp4-sm90-interleave": _mixture,
    "fp4-scale-contract": _scales,
    "cutedsl-masked-moe": _masked,
    "paged-attention": _attention,
    "mla-decode": _attention,
    "moe-soak": _soak,
    "gdn-prefill": _rule,
    "allreduce-fusion": _attention,
}


def wheel_versions(python: str, minor: str, packages: Iterable[str], more: Iterable[str] = ()) -> dict[str, set[str]]:
    """Return the versions in the METADATA files of an interpreter's packages, without running the interpreter.

    It looks in the packages of Python `minor` (`3.12`) beside the interpreter, and in the folders `more`. A package
    that is not found there is left out.
    """
    home = os.path.dirname(os.path.dirname(python))
    own = [os.path.join(home, lib, f"python{minor}{kind}", "site-packages") for lib in _LIBRARIES for kind in ("", "t")]
    wanted = set(packages)
    found: dict[str, set[str]] = {}
    for folder in (*own, *more):
        for path in glob.glob(os.path.join(glob.escape(folder), "*.dist-info", "METADATA")):
            name = canonical_name(os.path.basename(os.path.dirname(path)).partition("-")[0])
            if name in wanted:
                found.setdefault(name, set()).add(_version(path))
    return found


def wrong_version(told: Mapping[str, str], found: Mapping[str, set[str]]) -> str | None:
    """Return which package the target names with a version that its METADATA file does not have, or None."""
    for name, versions in sorted(found.items()):
        if told.get(name) not in versions:
            said = f"says that {name} is {told[name]}" if name in told else f"does not name {name}"
            return f"this interpreter {said}, but the installed files say {', '.join(sorted(versions))}"
    return None


def _version(path: str) -> str:
    try:
        with open(path, "rb") as stream:
            head = email.parser.BytesHeaderParser().parsebytes(stream.read(_METADATA_BYTES))
    except OSError:
        return ""
    return str(head.get("Version", ""))
