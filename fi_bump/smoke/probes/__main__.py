"""Run one probe: `python …/probes/__main__.py REQUEST RESULT`. Both are paths of JSON files (see `protocol`).

It is started by its path, in an interpreter that need not have fi-bump. The folder of this file does not stay on
`sys.path`.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import os
import signal
import sys
import traceback

# The module of each probe, in this folder; each has `run(request: ProbeRequest) -> ProbeResult`.
MODULES = {
    "target": "target",
    "environment": "environment",
    "offline-start": "offline_start",
    "mxfp4-sm90-interleave": "mxfp4_sm90",
    "fp4-scale-contract": "fp4_scale",
    "cutedsl-masked-moe": "cutedsl_masked_moe",
    "paged-attention": "paged_attention",
    "mla-decode": "mla_decode",
    "moe-soak": "moe_soak",
    "gdn-prefill": "gdn_prefill",
    "allreduce-fusion": "allreduce_fusion",
    "mxfp4-sm90-defects": "defects",
}
PACKAGE = "fi_bump_probes"


def _load_package() -> None:
    """Import this folder as the package `PACKAGE`, without having it or its parents on `sys.path`."""
    folder = os.path.dirname(os.path.abspath(__file__))
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != folder]


def main(request_path: str, result_path: str) -> None:
    """Run the requested probe and write its result. If it raises, print the traceback and write a failure."""
    _load_package()
    protocol = importlib.import_module(f"{PACKAGE}.protocol")
    with open(request_path, encoding="utf-8") as file:
        request = protocol.ProbeRequest.from_json(file.read())
    try:
        result = importlib.import_module(f"{PACKAGE}.{MODULES[request.probe]}").run(request)
    except Exception as error:
        traceback.print_exc()
        result = protocol.ProbeResult("fail", importlib.import_module(f"{PACKAGE}.missing").said(error))
    with open(result_path + ".part", "w", encoding="utf-8") as file:
        file.write(dataclasses.replace(result, nonce=request.nonce).to_json())
    os.replace(result_path + ".part", result_path)
    if "hung" in result.metrics:
        # A kernel that never ends would keep the interpreter from ending too. The runner shows the last line.
        print(result.reason, flush=True)
        signal.raise_signal(signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
