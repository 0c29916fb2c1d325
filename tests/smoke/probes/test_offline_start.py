"""The probe of a start without a network, with packages that ask for the network in every way that it knows."""

from __future__ import annotations

import socket
import sys
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fi_bump.smoke.probes import no_gpu, offline_start
from fi_bump.smoke.probes.protocol import ProbeRequest, ProbeResult

URL = "https://cubins.invalid/fmha/checksums.txt"
QUIET = """
def gen_ready_module(dtype="bf16", *more, **named): return "described"
def gen_wanting_module(dtype): raise AssertionError("it needs an argument")
def gen_newer_module(): raise RuntimeError("No supported CUDA architectures found for major versions [12].\\nmore")
"""
REQUESTS = f"""
import requests
def gen_moe_module():
    for attempt in range(3):
        try:
            requests.Session().send(type("Request", (), {{"url": {URL!r}}}))
        except requests.exceptions.RequestException:
            import time; time.sleep(3600)
"""
SOCKETS = """
import socket
def gen_socket_module():
    socket.create_connection(("files.invalid", 443))
def gen_address_module():
    with socket.socket() as connection:
        connection.connect(("192.0.2.1", 80))
def gen_lookup_module():
    socket.getaddrinfo(b"bytes.invalid", 80)
def gen_quiet_module():
    with socket.socket() as connection:
        connection.connect_ex(("192.0.2.2", 80))
"""


class Fakes:
    """Packages on disk for one run of the probe, and the version of flashinfer-cubin that it sees."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._patch = patch

    def run(self, package: str = "", jit: str = QUIET, cubins: str | None = None) -> ProbeResult:
        for name, text in (("__init__.py", package), ("jit/__init__.py", jit)):
            path = self._folder / "site" / "flashinfer" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self._patch.syspath_prepend(str(self._folder / "site"))
        (self._folder / "cache").mkdir(exist_ok=True)
        self._patch.setattr(offline_start, "_version", lambda name: cubins)
        return offline_start.run(ProbeRequest("offline-start", "g", "1", cache=str(self._folder / "cache")))


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fakes]:
    class RequestError(OSError):
        pass

    class Session:
        def send(self, request: Any) -> None:
            pytest.fail("the network was used")

    exceptions = types.SimpleNamespace(ConnectionError=RequestError, RequestException=RequestError)
    requests = types.ModuleType("requests")
    vars(requests).update(Session=Session, exceptions=exceptions)
    monkeypatch.setitem(sys.modules, "requests", requests)
    monkeypatch.setitem(sys.modules, "torch", types.ModuleType("torch"))
    monkeypatch.setattr(no_gpu, "stand_in", lambda torch: True)
    for name in ("FLASHINFER_WORKSPACE_BASE", "FLASHINFER_CUDA_ARCH_LIST"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    yield Fakes(tmp_path, monkeypatch)
    for name in [name for name in sys.modules if name.partition(".")[0] == "flashinfer"]:
        del sys.modules[name]


def on_a_gpu(patch: pytest.MonkeyPatch, capability: tuple[int, int] | None) -> None:
    """Let torch find a GPU of a compute capability, or none."""
    patch.setattr(no_gpu, "stand_in", lambda torch: capability is None)
    cuda = types.SimpleNamespace(get_device_capability=lambda: capability)
    patch.setattr(sys.modules["torch"], "cuda", cuda, raising=False)


def test_a_start_that_asks_for_nothing(fakes: Fakes, tmp_path: Path) -> None:
    result = fakes.run(cubins="1")
    assert (result.outcome, result.reason) == ("pass", None)
    assert result.metrics["modules"] == 2
    assert result.metrics["downloads"] == {}
    assert result.metrics["not_described"] == {
        "gen_newer_module": "RuntimeError: No supported CUDA architectures found for major versions [12]."
    }
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_would_be_downloaded_is_named(fakes: Fakes) -> None:
    started = time.monotonic()
    result = fakes.run(jit=QUIET + REQUESTS)
    assert time.monotonic() - started < 60
    assert (result.outcome, result.metrics["downloads"]) == ("pass", {"gen_moe_module": [URL]})


@pytest.mark.parametrize(
    ("jit", "reason"),
    [
        (REQUESTS, f"without a network, gen_moe_module asks for {URL}"),
        (
            SOCKETS,
            "without a network, gen_address_module asks for 192.0.2.1; gen_lookup_module asks for bytes.invalid; "
            "gen_quiet_module asks for 192.0.2.2; gen_socket_module asks for files.invalid",
        ),
    ],
)
def test_with_cubins_no_module_may_ask(fakes: Fakes, jit: str, reason: str) -> None:
    result = fakes.run(jit=jit, cubins="0.7.2.post1")
    assert (result.outcome, result.reason) == ("fail", reason)


# flashinfer-cubin 0.6.11.post2 has the kernels of this module, and not the file that lists them.
BLACKWELL = REQUESTS.replace("gen_moe_module", "gen_deepgemm_sm100_module")
ASKS = f"without a network, gen_deepgemm_sm100_module asks for {URL}"


@pytest.mark.parametrize("capability", [None, (9, 0), (12, 0), (1, 0)])
def test_a_module_of_another_architecture_that_asks_is_a_note(
    fakes: Fakes, monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int] | None
) -> None:
    on_a_gpu(monkeypatch, capability)
    result = fakes.run(jit=QUIET + BLACKWELL, cubins="0.6.11.post2")
    assert (result.outcome, result.reason) == ("pass", None)
    assert result.metrics["notes"] == [f"{ASKS}; its architecture is not that of this machine"]


@pytest.mark.parametrize("capability", [(10, 0), (10, 3)])
def test_a_module_of_this_architecture_that_asks_is_a_failure(
    fakes: Fakes, monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int]
) -> None:
    on_a_gpu(monkeypatch, capability)
    result = fakes.run(jit=BLACKWELL, cubins="0.6.11.post2")
    assert (result.outcome, result.reason, "notes" in result.metrics) == ("fail", ASKS, False)


def test_a_module_of_all_architectures_fails_beside_a_note(fakes: Fakes) -> None:
    result = fakes.run(jit=BLACKWELL + REQUESTS, cubins="0.6.11.post2")
    assert (result.outcome, result.reason) == ("fail", f"without a network, gen_moe_module asks for {URL}")
    assert result.metrics["notes"] == [f"{ASKS}; its architecture is not that of this machine"]


def test_many_modules_that_ask_are_counted(fakes: Fakes) -> None:
    jit = "\n".join(f"{SOCKETS}\ndef gen_{name}_module(): gen_socket_module()" for name in "abc")
    result = fakes.run(jit=jit, cubins="1")
    assert (result.reason or "").endswith("; and 2 more")


@pytest.mark.parametrize("cubins", [None, "1"])
def test_the_import_may_never_ask(fakes: Fakes, cubins: str | None) -> None:
    package = "import socket\ntry:\n    socket.create_connection(('cubins.invalid', 443))\nexcept OSError: pass\n"
    result = fakes.run(package=package, cubins=cubins)
    assert (result.outcome, result.reason) == ("fail", "without a network, the import asks for cubins.invalid")


def test_afterwards_the_network_is_as_before(fakes: Fakes) -> None:
    before: list[Callable[..., object]] = [socket.getaddrinfo, socket.socket.connect, time.sleep]
    fakes.run()
    assert [socket.getaddrinfo, socket.socket.connect, time.sleep] == before
    assert "connect" not in vars(socket.socket)
    with offline_start.blocked() as asked, pytest.raises(OSError, match=r"h\.invalid: the network is blocked"):
        socket.create_connection(("h.invalid", 1))
    assert asked == ["h.invalid"]
