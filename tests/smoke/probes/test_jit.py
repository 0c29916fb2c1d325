"""Tests of compiling only a part of a module, with a fake build description and a real C++ compiler."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fi_bump.smoke.probes import jit, toolkit

COMPILER = shutil.which("g++") or shutil.which("c++")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="there is no C++ compiler here")
RECORD = "flashinfer/__init__.py,sha256=x,1\n"
OPTIONS = "FLASHINFER_EXTRA_CUDAFLAGS"
VARIABLES = ("FLASHINFER_WORKSPACE_BASE", "FLASHINFER_CUDA_ARCH_LIST", "MAX_JOBS", "FLASHINFER_JIT_VERBOSE", OPTIONS)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore the variables of the process that `prepare` sets."""
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return the folder for compiling with a scope, a wheel, an architecture, a compiler and a torch."""

    def where(
        scope: str = "auto",
        version: str = "0.6.11.post2",
        record: str = RECORD,
        capability: tuple[int, int] = (9, 0),
        compiler: str = "13.0",
        torch: str = "2.11.0",
        options: str | None = None,
        splits: bool = False,
        ahead: tuple[int, int] | None = None,
    ) -> Path:
        wheel = types.SimpleNamespace(version=version, read_text=lambda name: record)
        monkeypatch.setattr(importlib.metadata, "distribution", lambda name: wheel)
        monkeypatch.setattr(toolkit, "compiler_cuda", lambda: compiler)
        monkeypatch.setattr(toolkit, "can_split", lambda: splits)
        monkeypatch.delenv(OPTIONS, raising=False)
        if options is not None:
            monkeypatch.setenv(OPTIONS, options)
        module = types.SimpleNamespace(
            __version__=torch,
            version=types.SimpleNamespace(cuda="13.0"),
            cuda=types.SimpleNamespace(get_device_capability=lambda: capability),
        )
        monkeypatch.setitem(sys.modules, "torch", module)
        jit.prepare(str(tmp_path), "flashinfer-python", scope, ahead)
        return Path(os.environ["FLASHINFER_WORKSPACE_BASE"])

    return where


def test_where_modules_are_kept(prepared: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # With this variable FlashInfer would build without optimisation.
    monkeypatch.setenv("FLASHINFER_JIT_VERBOSE", "1")
    folder = prepared()
    assert folder.is_dir()
    assert folder.parent == tmp_path / "jit"
    assert folder.name.startswith("0.6.11.post2-sm_90-quick-")
    assert os.environ["FLASHINFER_CUDA_ARCH_LIST"] == "9.0a"
    assert os.environ["MAX_JOBS"] == str(len(os.sched_getaffinity(0)))
    assert "FLASHINFER_JIT_VERBOSE" not in os.environ


def test_jobs_and_architectures_of_the_user_are_kept(
    prepared: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_JOBS", "3")
    monkeypatch.setenv("FLASHINFER_CUDA_ARCH_LIST", "9.0a 10.0a")
    prepared()
    assert (os.environ["MAX_JOBS"], os.environ["FLASHINFER_CUDA_ARCH_LIST"]) == ("3", "9.0a 10.0a")


def test_what_is_another_folder(prepared: Callable[..., Path]) -> None:
    assert prepared("auto") == prepared("quick") == prepared()
    others = [
        prepared(),
        prepared("path"),
        prepared("full"),
        prepared(version="0.6.8.post1"),
        prepared(record=RECORD + "flashinfer/data/x.cu,sha256=y,2\n"),
        prepared(capability=(10, 0)),
        prepared(compiler="12.9"),
        prepared(torch="2.13.0"),
        prepared(options="-lineinfo"),
    ]
    assert len(set(others)) == len(others)


INFO = "flashinfer_python-0.6.11.post2.dist-info"


@pytest.mark.parametrize(
    "installed",
    [
        # An installer's own notes, and the wheel's lines in another order.
        f"{INFO}/INSTALLER,sha256=z,4\n{INFO}/REQUESTED,sha256=z,0\nb.py,sha256=y,2\na.py,sha256=x,1\n",
        # A command: its first line has the path of the environment's interpreter.
        f"../../../bin/flashinfer,sha256=other,250\na.py,sha256=x,1\nb.py,sha256=y,2\n{INFO}/RECORD,,\n",
        "__pycache__/a.cpython-312.pyc,,\na.py,sha256=x,1\nb.py,sha256=y,2\n",
    ],
)
def test_a_wheel_has_one_folder_however_it_is_installed(prepared: Callable[..., Path], installed: str) -> None:
    unpacked = prepared(record=f"a.py,sha256=x,1\nb.py,sha256=y,2\n{INFO}/METADATA,sha256=m,9\n")
    assert prepared(record=installed) == unpacked
    assert prepared(record=installed.replace("sha256=y", "sha256=changed")) != unpacked


def test_modules_for_another_machine_have_the_folder_that_it_looks_in(prepared: Callable[..., Path]) -> None:
    assert prepared(capability=(10, 0), ahead=(9, 0)) == prepared()


@pytest.mark.parametrize(
    ("splits", "before", "after"),
    [
        (True, None, "--split-compile=6"),
        (True, "-lineinfo", "-lineinfo --split-compile=6"),
        (True, "--split-compile=2", "--split-compile=2"),
        (True, "-split-compile 0", "-split-compile 0"),
        (False, None, None),
        (False, "-lineinfo", "-lineinfo"),
    ],
)
def test_one_file_is_compiled_by_all_processors(
    prepared: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    splits: bool,
    before: str | None,
    after: str | None,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(6)))
    prepared(splits=splits, options=before)
    assert os.environ.get(OPTIONS) == after


def test_builds_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, str, bool]] = []
    core = types.SimpleNamespace(run_ninja=lambda workdir, file, verbose: calls.append((workdir, file, verbose)))
    package = types.ModuleType("flashinfer.jit")
    package.core = core  # type: ignore[attr-defined]  # a fake module
    monkeypatch.setitem(sys.modules, "flashinfer", types.ModuleType("flashinfer"))
    monkeypatch.setitem(sys.modules, "flashinfer.jit", package)
    jit.take_over_builds()
    core.run_ninja("here", "build.ninja", False)
    assert calls == [("here", "build.ninja", True)]
    del core.run_ninja
    jit.take_over_builds()
    assert not hasattr(core, "run_ninja")


SOURCES = {
    "moe_gemm/moe_gemm_kernels_bf16_fp4.cu": "",
    "moe_gemm/moe_gemm_kernels_bf16_bf16.cu": "",
    "cutlass_backend/flashinfer_cutlass_fused_moe_binding.cu": (
        "namespace tensorrt_llm { void reached(); void trapped(); }\n"
        "namespace other { void elsewhere() __attribute__((weak)); }\n"
        'extern "C" int call(int which) { if (which) tensorrt_llm::trapped(); tensorrt_llm::reached(); return 7; }\n'
        'extern "C" bool there() { return other::elsewhere != nullptr; }\n'
    ),
    "cutlass_kernels/cutlass_heuristic.cpp": "namespace tensorrt_llm { void reached() {} }\n",
    "instantiations/mixed.generated.cu": "// Launcher<__nv_bfloat16, __nv_fp4_e2m1, __nv_bfloat16>\n",
    "instantiations/other.generated.cu": "// Launcher<__nv_fp8_e4m3, __nv_fp4_e2m1, __nv_bfloat16>\n",
}
KEPT = [
    "moe_gemm_kernels_bf16_fp4.cu",
    "flashinfer_cutlass_fused_moe_binding.cu",
    "cutlass_heuristic.cpp",
    "mixed.generated.cu",
]


class Spec:
    """A build description like that of 0.6.8: `build` compiles what the last `write_ninja` wrote."""

    is_aot = False
    broken = False

    def __init__(self, folder: Path) -> None:
        self.build_dir = folder / "fused_moe_90"
        self.jit_library_path = self.build_dir / "fused_moe_90.so"
        self.sources = [folder / name for name in SOURCES]
        self.written: list[Path] = []
        self.builds: list[list[str]] = []
        self.build_dir.mkdir(parents=True)
        for path, text in zip(self.sources, SOURCES.values(), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def write_ninja(self) -> None:
        self.written = list(self.sources)

    def build(self, verbose: bool) -> None:
        assert verbose
        self.builds.append([path.name for path in self.written])
        if self.broken:
            raise RuntimeError("Ninja build failed.")
        command = [
            str(COMPILER),
            "-shared",
            "-fPIC",
            "-x",
            "c++",
            "-o",
            *map(str, (self.jit_library_path, *self.written)),
        ]
        subprocess.run(command, check=True)


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spec:
    """Let FlashInfer return this build description; its `flashinfer.fused_moe.core` would ask for it."""
    made = Spec(tmp_path)
    recipes = types.SimpleNamespace(gen_cutlass_fused_moe_sm90_module=lambda: made)
    core = types.SimpleNamespace(gen_cutlass_fused_moe_sm90_module=None)
    loader = types.SimpleNamespace(load_module=lambda library: ("loaded", library))
    modules: dict[str, Any] = {
        "flashinfer": types.ModuleType("flashinfer"),
        "flashinfer.jit": types.SimpleNamespace(fused_moe=recipes),
        "flashinfer.fused_moe": types.SimpleNamespace(core=core),
        "tvm_ffi": loader,
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return made


PROGRAM = (
    "import ctypes, sys; library = ctypes.CDLL(sys.argv[1]); print(library.call(int(sys.argv[2])), library.there())"
)


def call(library: str, which: int) -> subprocess.CompletedProcess[str]:
    """Call the module in a separate process, because the trap's error ends it."""
    command = [sys.executable, "-c", PROGRAM, library, str(which)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@needs_compiler
def test_only_what_is_reached_is_compiled_and_the_rest_is_a_trap(spec: Spec) -> None:
    built = jit.fused_moe_sm90("path")
    assert built._replace(seconds=0.0) == jit.Built(
        library=str(spec.jit_library_path), scope="path", reason=None, seconds=0.0, units=4, trapped=1, cached=False
    )
    assert spec.builds == [KEPT, [*KEPT, "fi_bump_trap.cpp"]]
    assert call(built.library, 0).stdout == "7 0\n"
    # Nothing catches it in this module; in FlashInfer's it becomes a Python error.
    trapped = call(built.library, 1)
    assert trapped.returncode == -6
    assert "_ZN12tensorrt_llm7trappedEv is not compiled with --jit quick or path" in trapped.stderr


@pytest.mark.slow
@needs_compiler
def test_what_is_compiled_is_kept(spec: Spec, tmp_path: Path) -> None:
    first = jit.fused_moe_sm90("path")
    spec.builds.clear()
    assert jit.fused_moe_sm90("path") == first._replace(seconds=0.0, cached=True)
    assert spec.builds == []
    # A module whose compile was stopped before it had its traps is not used.
    (spec.build_dir / "trapped-path").unlink()
    assert jit.fused_moe_sm90("path").cached is False


@pytest.mark.slow
@needs_compiler
def test_flashinfer_loads_what_was_compiled(spec: Spec) -> None:
    built = jit.fused_moe_sm90("path")
    core = sys.modules["flashinfer.fused_moe"].core
    assert core.gen_cutlass_fused_moe_sm90_module(False).build_and_load() == ("loaded", built.library)


@needs_compiler
def test_the_whole_module(spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    built = jit.fused_moe_sm90("full")
    assert built._replace(seconds=0.0) == jit.Built(
        library=str(spec.jit_library_path), scope="full", reason=None, seconds=0.0, units=6, trapped=0, cached=False
    )
    assert spec.builds == [[Path(name).name for name in SOURCES]]
    assert jit.fused_moe_sm90("full").cached is True


@needs_compiler
@pytest.mark.parametrize(
    ("gone", "reason"),
    [
        ("moe_gemm_kernels_bf16_fp4.cu", "it has no moe_gemm_kernels_bf16_fp4.cu"),
        ("mixed.generated.cu", "it has no generated kernel"),
    ],
)
def test_a_build_description_of_another_shape(
    spec: Spec, capfd: pytest.CaptureFixture[str], gone: str, reason: str
) -> None:
    spec.sources = [path for path in spec.sources if path.name != gone]
    built = jit.fused_moe_sm90("auto")
    assert (built.scope, built.reason, built.units) == ("full", reason, 5)
    told = [
        f"the scope {scope} does not fit this wheel ({reason}): compiling more of it\n" for scope in ("quick", "path")
    ]
    assert capfd.readouterr().out == "".join(told)


def test_a_build_description_of_other_functions(spec: Spec) -> None:
    other = types.SimpleNamespace(sources=spec.sources, build=spec.build)
    with pytest.raises(jit.Unexpected) as caught:
        jit._compile_part(other, "path")
    assert str(caught.value) == "its build description has no write_ninja, jit_library_path, build_dir"
    with pytest.raises(jit.Unexpected) as caught:
        jit._compile_part(types.SimpleNamespace(), "path")
    assert str(caught.value) == (
        "it has no moe_gemm_kernels_bf16_fp4.cu, flashinfer_cutlass_fused_moe_binding.cu, cutlass_heuristic.cpp"
    )


def test_a_build_that_fails_is_not_taken_for_another_shape(spec: Spec) -> None:
    spec.broken = True
    with pytest.raises(RuntimeError, match="Ninja build failed"):
        jit.fused_moe_sm90("path")
    assert spec.builds == [KEPT]


@needs_compiler
def test_a_wheel_without_a_quick_way_is_compiled_by_what_is_reached(
    spec: Spec, capfd: pytest.CaptureFixture[str]
) -> None:
    built = jit.fused_moe_sm90("auto")
    reason = "no launcher of BF16 with FP4 is instantiated with a tile and a cluster"
    assert (built.scope, built.reason, built.units) == ("path", reason, 4)
    assert capfd.readouterr().out.startswith(
        f"the scope quick does not fit this wheel ({reason}): compiling more of it\n"
    )


def test_a_module_that_came_with_the_wheel(spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spec, "is_aot", True)
    monkeypatch.setattr(spec, "aot_path", tmp_path / "aot.so", raising=False)
    assert jit.fused_moe_sm90("path") == jit.Built(
        library=str(tmp_path / "aot.so"), scope="aot", reason=None, seconds=0.0, units=0, trapped=0, cached=True
    )


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("nv_internal/moe_gemm/moe_gemm_kernels_bf16_fp4.cu", "", True),
        ("nv_internal/moe_gemm/moe_gemm_kernels_bf16_bf16.cu", "", False),
        ("nv_internal/cpp/common/logger.cpp", "", True),
        ("nv_internal/cpp/kernels/quantization.cu", "", False),
        ("csrc/fused_moe/cutlass_backend/flashinfer_cutlass_fused_moe_binding.cu", "", True),
        ("gen/a.generated.cu", "template void sm90_Launcher<__nv_bfloat16, __nv_fp4_e2m1, __nv_bfloat16,\n", True),
        ("gen/b.generated.cu", "template void sm90_Launcher<__nv_bfloat16, SafeFP4, __nv_bfloat16,\n", True),
        ("gen/c.generated.cu", "template void sm90_Launcher<half, __nv_fp4_e2m1, half,\n// __nv_bfloat16", False),
        ("gen/d.generated.cu", "template void sm90_Launcher<__nv_fp8_e4m3, SafeFP4, __nv_bfloat16,\n", False),
        ("gen/e.generated.cu", "template void sm90_Launcher<__nv_bfloat16, SafeFP48, __nv_bfloat16,\n", False),
        ("lora/lora.cpp", "", True),
        ("other/explora.cpp", "", False),
    ],
)
def test_what_is_reached(tmp_path: Path, name: str, text: str, kept: bool) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert jit._is_reached(path) is kept


def test_time_is_noted_when_a_block_fails_too() -> None:
    noted: dict[str, float] = {}

    def fail() -> None:
        with jit.timed(noted, "seconds"):
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fail()
    assert 0 <= noted["seconds"] < 5


def test_a_folder_of_modules_that_others_can_change_is_refused(tmp_path: Path) -> None:
    folder = jit.private(tmp_path / "jit/0.6.8")
    assert [path.stat().st_mode & 0o777 for path in (folder, folder.parent)] == [0o700, 0o700]
    for path in (folder, folder.parent):
        for mode in (0o720, 0o702, 0o777):
            path.chmod(mode)
            with pytest.raises(PermissionError, match=f"others can change {path}, from which"):
                jit.private(folder)
            path.chmod(0o755)
    assert jit.private(folder) == folder
