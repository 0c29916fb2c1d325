"""Tell a package that is not installed from one that is broken."""

from __future__ import annotations

# The packages that an import can lack, by the name of the module.
_PACKAGES = {
    "torch": "torch",
    "flashinfer": "flashinfer-python",
    "cutlass": "nvidia-cutlass-dsl",
    "tvm_ffi": "apache-tvm-ffi",
}


def missing_package(error: BaseException) -> str | None:
    """Return the package without which an import failed; None for every other error."""
    return _PACKAGES.get(error.name or "") if isinstance(error, ModuleNotFoundError) else None


def said(error: BaseException) -> str:
    """Return in a clause why something cannot be imported or run: the missing package, or the error's first line."""
    package = missing_package(error)
    return f"{package} is not installed" if package else f"{type(error).__name__}: {error}".partition("\n")[0]
