"""Compile the sm_90 fused MoE: the whole module, or only the part that BF16 with MXFP4 uses.

The whole module has 182 translation units and takes half an hour on 16 cores. The probe's calls need 24 of them (scope
`path`), and a verdict needs fewer kernels still (scope `quick`). Every symbol that is then missing is bound to a trap,
which throws an error that names the symbol.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from . import kept_modules, quick, toolkit

_KEPT = re.compile(
    r"/(?:moe_gemm_tma_warp_specialized_input\.cu|moe_gemm_kernels_bf16_fp4\.cu|moe_gemm_mixed_utils\.cu"
    r"|flashinfer_cutlass_fused_moe_binding\.cu|deepgemm_jit_setup\.cu|cutlass_fused_moe_instantiation\.cu"
    r"|cpp/common/[^/]+|preQuantScaleKernel\.cu|cutlass_heuristic\.cpp|lora\.cpp)\Z"
)
# The types of activations and weights in a generated unit's launcher; since 0.6.18 the weights' type has another name.
_BF16_FP4 = re.compile(r"Launcher<\s*__nv_bfloat16,\s*(?:__nv_fp4_e2m1|SafeFP4)\b")
# If one of these is missing, the wheel's module has changed and the whole module is compiled.
_NEEDED = ("moe_gemm_kernels_bf16_fp4.cu", "flashinfer_cutlass_fused_moe_binding.cu", "cutlass_heuristic.cpp")
# The scopes to try for each wanted scope, in order, before the whole module is compiled.
SCOPES = {"auto": ("quick", "path"), "quick": ("quick", "path"), "path": ("path",), "full": ()}
# FlashInfer's variable for more options of nvcc.
_NVCC_OPTIONS = "FLASHINFER_EXTRA_CUDAFLAGS"
# What is not the wheel's own in RECORD, or may be written in another way by an installer.
_INSTALLERS = re.compile(r"^\.\./|^[^/]+\.dist-info/|\.pyc$")
_OURS = re.compile(r"tensorrt_llm|flashinfer|deep_gemm|^_ZN4flat")


class Built(NamedTuple):
    """A compiled module.

    `scope` is `quick`, `path`, `full` or `aot` (in the wheel), and `reason` says why it is not the wanted one. `units`
    are the compiled sources, `trapped` the symbols that are bound to the trap. `cached` is whether it was compiled
    before; then `seconds` is about zero.
    """

    library: str
    scope: str
    reason: str | None
    seconds: float
    units: int
    trapped: int
    cached: bool


class Unexpected(Exception):
    """The wheel's build description does not have the structure that compiling a part relies on."""


def prepare(cache: str, distribution: str, scope: str, capability: tuple[int, int] | None = None) -> None:
    """Set FlashInfer's folder and architecture for compiling. Must be called before FlashInfer is imported.

    The folder's name depends on the wheel's version and files, CUDA, the options of nvcc, the architecture and the
    scope, so that no module of another wheel is loaded. The architecture is that of the GPU, or `capability`.
    """
    import torch

    wheel = importlib.metadata.distribution(distribution)
    major, minor = capability or torch.cuda.get_device_capability()
    # `auto` begins as `quick`; if that does not fit the wheel, it is noticed before anything is compiled.
    reach = "quick" if scope == "auto" else scope
    parts = [torch.version.cuda, toolkit.compiler_cuda(), torch.__version__, reach, *_files(wheel)]
    if options := os.environ.get(_NVCC_OPTIONS):
        parts.append(options)
    digest = hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]
    name = f"{wheel.version}-sm_{major}{minor}-{reach}-{digest}"
    folder = private(Path(cache or tempfile.mkdtemp()) / "jit" / name)
    os.environ["FLASHINFER_WORKSPACE_BASE"] = str(folder)
    # Instructions of one architecture only (wgmma on sm_90a) need the suffix.
    os.environ.setdefault("FLASHINFER_CUDA_ARCH_LIST", f"{major}.{minor}a")
    os.environ.setdefault("MAX_JOBS", str(_processors()))
    _split_files()
    # It would turn off optimisation, and the build would take five times as long.
    os.environ.pop("FLASHINFER_JIT_VERBOSE", None)


def _files(wheel: importlib.metadata.Distribution) -> list[str]:
    """Return the wheel's own lines of RECORD, sorted: the same ones wherever and however the wheel is installed.

    An installer adds its own notes, byte code, and commands, which name the environment's interpreter.
    """
    lines = (line.strip() for line in (wheel.read_text("RECORD") or "").split("\n"))
    return sorted(line for line in lines if line and not _INSTALLERS.search(line.rpartition(",")[0].rpartition(",")[0]))


def private(folder: Path) -> Path:
    """Make a folder that only this user can change, and return it. Raises PermissionError for one that others can.

    FlashInfer loads the modules that it finds there into this process.
    """
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
        attributes = each.stat()
        if attributes.st_uid != os.geteuid() or attributes.st_mode & 0o022:
            raise PermissionError(f"others can change {each}, from which compiled modules are loaded: remove it")
    return folder


def _split_files() -> None:
    """Let nvcc optimise the kernels of one file in as many threads as there are processors.

    One file takes longer than all others together on a machine of many processors. A choice of the user is kept.
    """
    options = os.environ.get(_NVCC_OPTIONS, "")
    if "-split-compile" not in options and toolkit.can_split():
        os.environ[_NVCC_OPTIONS] = f"{options} --split-compile={_processors()}".strip()


def _processors() -> int:
    """Return how many processors this process may use: a container or taskset may allow fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def take_over_builds() -> None:
    """Print the progress of what FlashInfer compiles, and compile no module that is kept.

    Must be called after `prepare`, when FlashInfer is imported.
    """
    from flashinfer.jit import core

    kept_modules.keep_builds()

    if (silent := getattr(core, "run_ninja", None)) is not None:
        core.run_ninja = lambda workdir, file, *_, **__: silent(workdir, file, True)


def fused_moe_sm90(wanted: str) -> Built:
    """Compile the fused MoE of sm_90 and make FlashInfer load it. `wanted` is a key of `SCOPES`.

    A module that is already compiled in the wheel is used. Raises FlashInfer's exception when compiling fails.
    """
    from flashinfer.fused_moe import core
    from flashinfer.jit import fused_moe as recipes

    spec = recipes.gen_cutlass_fused_moe_sm90_module()
    if getattr(spec, "is_aot", False):
        return Built(library=str(spec.aot_path), scope="aot", reason=None, seconds=0.0, units=0, trapped=0, cached=True)
    reason = None
    for scope in SCOPES[wanted]:
        try:
            built = _compile_part(spec, scope)
            load_instead(core, "gen_cutlass_fused_moe_sm90_module", built.library)
            return built._replace(reason=reason)
        except (Unexpected, quick.NoQuickWay) as error:
            reason = str(error)
            print(f"the scope {scope} does not fit this wheel ({reason}): compiling more of it", flush=True)
            spec = recipes.gen_cutlass_fused_moe_sm90_module()
    started = time.monotonic()
    library = Path(str(spec.jit_library_path))
    cached = kept_modules.is_kept(spec)
    if not cached:
        _build(spec)
        kept_modules.marker_of(library).touch()
    return Built(
        library=str(library),
        scope="full",
        reason=reason,
        seconds=time.monotonic() - started,
        units=len(spec.sources),
        trapped=0,
        cached=cached,
    )


def _compile_part(spec: Any, scope: str) -> Built:
    """Compile only the sources that are used. Raises Unexpected if the build description has another structure."""
    kept = reached(spec)
    return compile_sources(spec, scope, lambda folder: quick.sources(kept, folder) if scope == "quick" else kept)


def compile_sources(spec: Any, scope: str, choose: Callable[[Path], list[Path]]) -> Built:
    """Compile only some of the sources of a build description, and bind every symbol that is then missing to the trap.

    `choose` returns the sources; it may write changed ones into the folder that it gets. Raises Unexpected if the build
    description has another structure.
    """
    functions = [name for name in ("write_ninja", "build", "jit_library_path", "build_dir") if not hasattr(spec, name)]
    if functions:
        raise Unexpected(f"its build description has no {', '.join(functions)}")
    started = time.monotonic()
    library, done = Path(str(spec.jit_library_path)), Path(str(spec.build_dir)) / f"trapped-{scope}"
    kept = choose(Path(str(spec.build_dir)) / "quick")
    cached = library.exists() and done.exists()
    if not cached:
        _put(spec, kept)
        _build(spec)
        symbols = _undefined(library)
        if symbols:
            trap = Path(str(spec.build_dir)) / "fi_bump_trap.cpp"
            trap.write_text(trap_source(symbols))
            _put(spec, [*kept, trap])
            _build(spec)
        done.write_text(str(len(symbols)))
    return Built(
        library=str(library),
        scope=scope,
        reason=None,
        seconds=0.0 if cached else time.monotonic() - started,
        units=len(kept),
        trapped=int(done.read_text()),
        cached=cached,
    )


def reached(spec: Any) -> list[Path]:
    """Return the sources of a build description that BF16 with MXFP4 needs.

    Raises Unexpected if a source is missing that the module must have.
    """
    kept = [source for source in (Path(str(each)) for each in getattr(spec, "sources", ())) if _is_reached(source)]
    names = {source.name for source in kept}
    missing = [name for name in _NEEDED if name not in names]
    if missing or not any(".generated." in name for name in names):
        raise Unexpected(f"it has no {', '.join(missing) or 'generated kernel'}")
    return kept


def _build(spec: Any) -> None:
    # `build` of 0.6.8 keeps an existing build file, so it would not notice the changed sources.
    kept_modules.marker_of(spec.jit_library_path).unlink(missing_ok=True)
    spec.write_ninja()
    spec.build(verbose=True)


def _is_reached(source: Path) -> bool:
    """Return whether BF16 with MXFP4 needs a source, by its name or, for a generated one, by its types."""
    if ".generated." in source.name:
        return _BF16_FP4.search(source.read_text(errors="replace")) is not None
    return _KEPT.search(str(source)) is not None


def _put(spec: Any, sources: list[Path]) -> None:
    # In some releases `spec` is a frozen dataclass.
    object.__setattr__(spec, "sources", sources)


def _undefined(library: Path) -> list[str]:
    """Return the module's own undefined symbols, without weak ones: the code checks whether those exist."""
    done = subprocess.run(["nm", "-D", "-u", str(library)], capture_output=True, text=True, check=True)
    pairs = [line.split() for line in done.stdout.split("\n") if line.strip()]
    return sorted({name for kind, name in pairs if kind == "U" and _OURS.search(name)})


def trap_source(symbols: list[str]) -> str:
    """Return C++ that defines every symbol as a jump to a function that throws an error with the symbol's name."""
    text = [
        "#include <stdexcept>\n#include <string>\n"
        'extern "C" __attribute__((visibility("hidden"), used)) void fi_bump_trap(const char* name) {\n'
        f'  throw std::runtime_error(std::string(name) + " {quick.TRAPPED} quick or path");\n}}\n'
        "#if defined(__aarch64__)\n"
        '#define FI_BUMP_TO_TRAP(L) "adrp x0, " L "\\n add x0, x0, :lo12:" L "\\n b fi_bump_trap\\n"\n'
        "#else\n"
        '#define FI_BUMP_TO_TRAP(L) "lea " L "(%rip), %rdi\\n jmp fi_bump_trap\\n"\n'
        "#endif\n"
    ]
    for number, symbol in enumerate(symbols):
        label = f".Lfi_bump_{number}"
        text.append(
            f'__asm__(".pushsection .rodata\\n{label}: .asciz \\"{symbol}\\"\\n.popsection\\n"\n'
            f'        ".pushsection .text\\n.balign 16\\n.globl {symbol}\\n{symbol}:\\n"\n'
            f'        FI_BUMP_TO_TRAP("{label}") ".popsection\\n");\n'
        )
    return "".join(text)


def load_instead(module: Any, recipe: str, library: str) -> None:
    """Make FlashInfer load a library where a module of it calls `recipe` to build one."""
    import tvm_ffi

    class Spec:
        def build_and_load(self) -> Any:
            return tvm_ffi.load_module(library)

    setattr(module, recipe, lambda *arguments, **named: Spec())


@contextlib.contextmanager
def timed(into: dict[str, float], name: str) -> Iterator[None]:
    """Record in `into[name]` how many seconds a block took."""
    started = time.monotonic()
    try:
        yield
    finally:
        into[name] = round(time.monotonic() - started, 3)
