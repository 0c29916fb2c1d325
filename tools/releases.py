"""The package index that the pages of the documentation are made with: a folder of wheels with a little Python.

`example-kernels` exists only here. Its two releases differ in every way that `audit --api` reports.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import NamedTuple


class Release(NamedTuple):
    """A release: its requirements, and the text of each file of its package by path."""

    requires: tuple[str, ...] = ()
    sources: dict[str, str] = {}  # noqa: RUF012  # nothing changes it


_CUTLASS = ("nvidia-cutlass-dsl>=4.5.0",)
_QUANTIZE = {"flashinfer/__init__.py": "def fp4_quantize(input, global_scale=None): ...\n"}
_OLD = """\
def route(scores, top_k, renormalize=True): ...


def combine(outputs, weights): ...


def attention(query, cache, *, page_size=16, causal=True): ...


def quantize(values, scale): ...


def norm(values, weight, eps=1e-6): ...


def gather(values, rows, out=None): ...


def activate(values, alpha=1.0): ...


def softmax(values): ...


def rotate(values, angles): ...


def merge(first, second):
    return first + second
"""
_NEW = """\
import warnings

from example_kernels.rotary import rotate as rotate


def route(scores, top_k): ...


def attention(query, cache, *, block_size=16, causal=True): ...


def quantize(values, scale, layout): ...


def norm(values, residual=None, weight=None, eps=1e-6): ...


def gather(values, rows): ...


def activate(values, alpha=1.702): ...


def softmax(values):
    warnings.warn("softmax will be removed in 3.0: call attention, which contains it", DeprecationWarning)
    return values


def merge(first, second):
    if first.shape != second.shape:
        raise ValueError("first and second must have one shape")
    return first + second
"""
# By package and version.
RELEASES = {
    "flashinfer-python": {
        "0.6.8.post1": Release(_CUTLASS, _QUANTIZE),
        "0.6.11.post2": Release(_CUTLASS, _QUANTIZE),
        "0.6.13": Release(_CUTLASS),
    },
    "flashinfer-cubin": {"0.6.8.post1": Release(), "0.6.11.post2": Release()},
    "nvidia-cutlass-dsl": {"4.4.2": Release(), "4.5.2": Release()},
    "example-kernels": {
        "1.0": Release(sources={"example_kernels/__init__.py": _OLD}),
        "2.0": Release(
            sources={
                "example_kernels/__init__.py": _NEW,
                "example_kernels/rotary.py": "def rotate(values, angles): ...\n",
                "example_kernels/experts.py": "def combine(outputs, weights): ...\n",
            }
        ),
    },
}


def write(index: Path) -> None:
    """Write a page for each package, and its wheels."""
    for name, releases in RELEASES.items():
        folder = index / name
        folder.mkdir(parents=True)
        stem = name.replace("-", "_")
        links = []
        for version, release in releases.items():
            file = f"{stem}-{version}-py3-none-any.whl"
            lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
            lines += [f"Requires-Dist: {each}" for each in release.requires]
            with zipfile.ZipFile(folder / file, "w") as wheel:
                for path, text in release.sources.items():
                    wheel.writestr(zipfile.ZipInfo(path), text)
                wheel.writestr(zipfile.ZipInfo(f"{stem}-{version}.dist-info/METADATA"), "\n".join(lines) + "\n")
            links.append(f'<a href="{file}">{file}</a>')
        (folder / "index.html").write_text("<!DOCTYPE html><html><body>" + "".join(links) + "</body></html>")
