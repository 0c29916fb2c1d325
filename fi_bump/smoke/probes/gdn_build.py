"""Compile the gated delta rule of the releases that have it in CUDA: only the kernels that the probe calls.

Up to 0.6.11 the module has 64 kernels, one in each generated source, for two types and five properties of a call. They
take longer than all other probes together. Four of them are called here; each source names its type and properties.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

from . import jit

# What the probe's calls have in common. They differ in shared heads and in earlier states.
CALLED = {"dtype": "nv_bfloat16", "needs_beta": "true", "needs_alpha": "true", "enable_checkpointing": "false"}
_PROPERTY = re.compile(r"\b(\w+)=(\w+)\b")


def compiles_cuda() -> bool:
    """Return whether the release compiles this kernel from CUDA sources, without nvidia-cutlass-dsl."""
    try:
        recipes = importlib.import_module("flashinfer.jit.gdn")
    except ImportError:
        return False
    return hasattr(recipes, "gen_gdn_prefill_sm90_module")


def build(wanted: str) -> dict[str, Any]:
    """Compile the module and make FlashInfer load it; return what was compiled, for the report.

    `wanted` is a key of `jit.SCOPES`. With `full`, with a module in the wheel, and with sources of another structure
    nothing is done here: FlashInfer compiles or loads the whole module when it is called.
    """
    spec = importlib.import_module("flashinfer.jit.gdn").gen_gdn_prefill_sm90_module()
    if getattr(spec, "is_aot", False):
        return {"scope": "aot"}
    scopes = jit.SCOPES[wanted]
    if not scopes:
        return {"scope": "full"}
    try:
        built = jit.compile_sources(spec, scopes[0], lambda _: called(spec))
    except jit.Unexpected as error:
        print(f"the scope {scopes[0]} does not fit this wheel ({error}): compiling all of it", flush=True)
        return {"scope": "full", "reason": str(error)}
    jit.load_instead(importlib.import_module("flashinfer.gdn_prefill"), "gen_gdn_prefill_sm90_module", built.library)
    return {name: value for name, value in built._asdict().items() if name != "library"}


def called(spec: Any) -> list[Path]:
    """Return the sources of a build description that the probe's calls need. Raises Unexpected if none names itself."""
    sources = [Path(str(each)) for each in getattr(spec, "sources", ())]
    named = {source: properties(source.read_text(errors="replace")) for source in sources}
    kernels = [source for source, found in named.items() if found and _is_called(found)]
    if not kernels:
        raise jit.Unexpected("no source names the type and the properties of its kernel")
    return [*kernels, *(source for source, found in named.items() if not found)]


def properties(text: str) -> dict[str, str]:
    """Return the properties that a generated source names in its comments; empty for any other source."""
    comments = "\n".join(line for line in text.split("\n") if line.startswith("//"))
    found = dict(_PROPERTY.findall(comments))
    return found if "dtype" in found else {}


def _is_called(found: dict[str, str]) -> bool:
    # A release without checkpoints has no such property.
    return all(found.get(name, value) == value for name, value in CALLED.items())
