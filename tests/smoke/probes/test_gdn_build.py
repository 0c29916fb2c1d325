"""Compiling only the kernels of the gated delta rule that are called, with a fake wheel and a real C++ compiler."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from fi_bump.smoke.probes import gdn_build, jit

COMPILER = shutil.which("g++") or shutil.which("c++")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="there is no C++ compiler here")
# As the wheels of 0.6.8 to 0.6.11 write it, with a body that returns the kernel's own number.
KERNEL = """/*
 * Copyright: dtype=nothing
 */
// Template parameters: dtype={dtype}, is_gva={gva}, needs_beta={beta},
//                      needs_alpha={alpha}, init_state={state},
//                      enable_checkpointing={checkpoints}
namespace flat {{ int {name}() {{ return {number}; }} }}
"""
FLAGS = ("gva", "beta", "alpha", "state", "checkpoints")
CALLED = ["bf16_01100", "bf16_01110", "bf16_11100", "bf16_11110"]


class Spec:
    """The build description of a wheel with one source for each kernel and one that calls them."""

    is_aot = False

    def __init__(self, folder: Path) -> None:
        self.build_dir = folder / "gdn_prefill_sm90"
        self.build_dir.mkdir()
        self.jit_library_path = self.build_dir / "gdn_prefill_sm90.so"
        self.sources: list[Path] = []
        self.builds: list[list[str]] = []
        for (short, dtype), values in itertools.product(
            [("half", "half"), ("bf16", "nv_bfloat16")], itertools.product([False, True], repeat=5)
        ):
            name = f"{short}_{''.join(str(int(value)) for value in values)}"
            words = dict(zip(FLAGS, (str(value).lower() for value in values), strict=True))
            text = KERNEL.format(dtype=dtype, name=name, number=int(name[-5:], 2), **words)
            self.sources.append(folder / f"{name}.cu")
            self.sources[-1].write_text(text)
        launcher = "".join(f"int {source.stem}(); " for source in self.sources)
        calls = "".join(f"case {number}: return flat::{each.stem}(); " for number, each in enumerate(self.sources))
        self.sources.append(folder / "launcher.cu")
        self.sources[-1].write_text(
            f'namespace flat {{ {launcher} }}\nextern "C" int call(int which) {{ switch (which) {{ {calls} }} return -1; }}\n'
        )

    def write_ninja(self) -> None:
        self.builds.append(sorted(path.stem for path in self.sources))

    def build(self, verbose: bool) -> None:
        sources = map(str, self.sources)
        command = [str(COMPILER), "-shared", "-fPIC", "-x", "c++", "-o", str(self.jit_library_path), *sources]
        subprocess.run(command, check=True)


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spec:
    """Let FlashInfer return this build description."""
    made = Spec(tmp_path)
    modules: dict[str, Any] = {
        "flashinfer": types.ModuleType("flashinfer"),
        "flashinfer.jit": types.ModuleType("flashinfer.jit"),
        "flashinfer.jit.gdn": types.SimpleNamespace(gen_gdn_prefill_sm90_module=lambda: made),
        "flashinfer.gdn_prefill": types.SimpleNamespace(gen_gdn_prefill_sm90_module=lambda: made),
        "tvm_ffi": types.SimpleNamespace(load_module=lambda library: ("loaded", library)),
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return made


def called(library: Path, which: int) -> str:
    """Call a kernel in a process of its own, which a trap ends; return what it printed."""
    program = "import ctypes, sys; print(ctypes.CDLL(sys.argv[1]).call(int(sys.argv[2])))"
    done = subprocess.run([sys.executable, "-c", program, library, str(which)], capture_output=True, text=True)
    return done.stdout.strip() or done.stderr


@needs_compiler
@pytest.mark.parametrize(("wanted", "scope"), [("auto", "quick"), ("quick", "quick"), ("path", "path")])
def test_only_the_called_kernels_are_compiled(spec: Spec, wanted: str, scope: str) -> None:
    names = [source.stem for source in spec.sources]
    library = spec.jit_library_path
    found = gdn_build.build(wanted)
    assert {**found, "seconds": 0.0} == {
        "scope": scope,
        "reason": None,
        "seconds": 0.0,
        "units": 5,
        "trapped": 60,
        "cached": False,
    }
    assert spec.builds == [[*CALLED, "launcher"], [*CALLED, "fi_bump_trap", "launcher"]]
    assert called(library, names.index("bf16_11100")) == str(0b11100)
    assert "_ZN4flat10half_11100Ev is not compiled with --jit quick or path" in called(
        library, names.index("half_11100")
    )
    assert sys.modules["flashinfer.gdn_prefill"].gen_gdn_prefill_sm90_module().build_and_load() == (
        "loaded",
        str(library),
    )
    again = gdn_build.build(wanted)
    assert (again["cached"], again["seconds"], len(spec.builds)) == (True, 0.0, 2)


def test_a_module_that_is_taken_as_it_is(spec: Spec, capfd: pytest.CaptureFixture[str]) -> None:
    assert gdn_build.build("full") == {"scope": "full"}
    for source in spec.sources:
        source.write_text(source.read_text().replace("dtype=", "type: "))
    reason = "no source names the type and the properties of its kernel"
    assert gdn_build.build("auto") == {"scope": "full", "reason": reason}
    assert capfd.readouterr().out == f"the scope quick does not fit this wheel ({reason}): compiling all of it\n"
    spec.is_aot = True
    assert gdn_build.build("auto") == {"scope": "aot"}
    assert spec.builds == []
    assert sys.modules["flashinfer.gdn_prefill"].gen_gdn_prefill_sm90_module() is spec


def test_a_release_without_checkpoints_has_no_such_property(spec: Spec) -> None:
    spec.sources = [source for source in spec.sources if not source.stem.endswith("1")]
    for source in spec.sources:
        source.write_text(source.read_text().replace("enable_checkpointing=false", ""))
    assert all("checkpointing" not in source.read_text() for source in spec.sources)
    assert sorted(source.stem for source in gdn_build.called(spec)) == [*CALLED, "launcher"]
    with pytest.raises(jit.Unexpected, match="no source names"):
        gdn_build.called(types.SimpleNamespace())


def test_which_releases_compile_cuda(spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gdn_build.compiles_cuda() is True
    monkeypatch.setitem(sys.modules, "flashinfer.jit.gdn", types.SimpleNamespace())
    assert gdn_build.compiles_cuda() is False
    monkeypatch.setitem(sys.modules, "flashinfer.jit.gdn", None)
    assert gdn_build.compiles_cuda() is False
