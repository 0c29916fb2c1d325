"""`offline-start`: start FlashInfer with the network blocked, and name what it would download, and from where.

An engine in a closed network fails when FlashInfer downloads something. FlashInfer downloads kernels and their headers
when it describes a module, unless flashinfer-cubin has them. The probe blocks the network of its process, imports
FlashInfer, and describes every module that needs no argument. Nothing is compiled and no kernel runs, so it needs no
GPU.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import inspect
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from . import jit, no_gpu
from .protocol import ProbeRequest, ProbeResult

CUBINS = "flashinfer-cubin"
# Without a GPU only what all releases describe on any machine is read; this is what FlashInfer is told to compile for.
_ARCHITECTURES = "9.0a 10.0a"
_LONGEST = 300
# The architecture in the name of a function that describes a module: `gen_deepgemm_sm100_module`.
_NAMED = re.compile(r"_sm(\d+)\d(?:_|\Z)")


def run(request: ProbeRequest) -> ProbeResult:
    """Import FlashInfer and describe its modules. What asks the network is a failure where it must not.

    Nothing may ask while FlashInfer is imported. If flashinfer-cubin is installed, no module may ask either; one that
    is named after an architecture that is not here is a note, because no engine loads it here. Without flashinfer-cubin
    what would be downloaded is a metric.
    """
    import torch

    metrics: dict[str, Any] = {"stood_in_for_a_gpu": no_gpu.stand_in(torch), "cubins": _version(CUBINS)}
    with tempfile.TemporaryDirectory(dir=request.cache or None) as folder, blocked() as asked:
        # A folder of its own, so that what an earlier run downloaded does not hide what a new machine would.
        os.environ["FLASHINFER_WORKSPACE_BASE"] = folder
        os.environ.setdefault("FLASHINFER_CUDA_ARCH_LIST", _ARCHITECTURES)
        with jit.timed(metrics, "import_seconds"):
            importlib.import_module("flashinfer")
        at_import = list(asked)
        with jit.timed(metrics, "run_seconds"):
            metrics["downloads"], metrics["not_described"], metrics["modules"] = describe_all(asked)
    metrics["at_import"] = at_import
    troubles = [f"the import asks for {name}" for name in at_import]
    if metrics["cubins"]:
        major = None if metrics["stood_in_for_a_gpu"] else torch.cuda.get_device_capability()[0]
        asking = {name: f"{name} asks for {each[0]}" for name, each in metrics["downloads"].items()}
        elsewhere = [said for name, said in asking.items() if _is_for_others(name, major)]
        troubles += [said for said in asking.values() if said not in elsewhere]
        if elsewhere:
            metrics["notes"] = [f"{_listed(elsewhere)}; its architecture is not that of this machine"]
    return ProbeResult("fail", _listed(troubles), metrics) if troubles else ProbeResult("pass", None, metrics)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _is_for_others(name: str, major: int | None) -> bool:
    """Return whether a module's name has an architecture of another major version than the GPU's; None: no GPU."""
    named = _NAMED.search(name)
    return named is not None and int(named[1]) != major


def _listed(troubles: list[str]) -> str:
    most = 5
    more = f"; and {len(troubles) - most} more" if len(troubles) > most else ""
    return "without a network, " + "; ".join(troubles[:most]) + more


def describe_all(asked: list[str]) -> tuple[dict[str, list[str]], dict[str, str], int]:
    """Describe every module; return what each asked for, why some cannot be described, and how many there are.

    A module is described by a function `gen_…` of flashinfer.jit that needs no argument. Some of them refuse an
    architecture or a CUDA version; that is no fault of a start without a network.
    """
    downloads: dict[str, list[str]] = {}
    refused: dict[str, str] = {}
    found = dict(sorted(_describers()))
    for name, describe in found.items():
        asked.clear()
        try:
            describe()
        except Exception as error:
            if not asked:
                refused[name] = f"{type(error).__name__}: {error}".partition("\n")[0][:_LONGEST]
        if asked:
            downloads[name] = list(dict.fromkeys(asked))
            print(f"{name} asks for {', '.join(downloads[name])}", flush=True)
    return downloads, refused, len(found)


def _describers() -> Iterator[tuple[str, Callable[[], object]]]:
    importlib.import_module("flashinfer.jit")
    modules = [module for name, module in sys.modules.items() if name.partition(".jit")[0] == "flashinfer"]
    for module in modules:
        for name, value in list(vars(module).items()):
            if name.startswith("gen_") and inspect.isfunction(value) and _needs_nothing(value):
                yield name, value


def _needs_nothing(function: Callable[..., object]) -> bool:
    parameters = inspect.signature(function).parameters.values()
    open_ended = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(each.default is not each.empty or each.kind in open_ended for each in parameters)


@contextlib.contextmanager
def blocked() -> Iterator[list[str]]:
    """Refuse every connection of this process, and give the list of what was asked for: URLs, or hosts.

    FlashInfer downloads with requests, which shows whole URLs. Everything else is seen when it looks up a host or
    connects. Waiting between attempts takes no time.
    """
    asked: list[str] = []

    def refuse_host(host: object, *_: object, **__: object) -> NoReturn:
        asked.append(host.decode("ascii", "replace") if isinstance(host, bytes) else str(host))
        raise OSError(f"{asked[-1]}: the network is blocked")

    def refuse_address(connection: socket.socket, address: Any) -> NoReturn:
        refuse_host(address[0] if isinstance(address, tuple) else address)

    with contextlib.ExitStack() as stack:
        for owner, name, instead in (
            (socket, "getaddrinfo", refuse_host),
            (socket, "gethostbyname", refuse_host),
            (socket.socket, "connect", refuse_address),
            (socket.socket, "connect_ex", refuse_address),
            (time, "sleep", lambda seconds: None),
        ):
            stack.enter_context(_replaced(owner, name, instead))
        with contextlib.suppress(ImportError):
            requests = importlib.import_module("requests")

            def refuse_request(session: object, request: Any, **_: object) -> NoReturn:
                asked.append(str(request.url))
                raise requests.exceptions.ConnectionError(f"{request.url}: the network is blocked")

            stack.enter_context(_replaced(requests.Session, "send", refuse_request))
        yield asked


@contextlib.contextmanager
def _replaced(owner: Any, name: str, value: object) -> Iterator[None]:
    missing = object()
    before = vars(owner).get(name, missing)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is missing:
            delattr(owner, name)
        else:
            setattr(owner, name, before)
