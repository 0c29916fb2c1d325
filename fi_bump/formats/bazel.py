"""Pins in Bazel's files (MODULE.bazel, WORKSPACE, BUILD, *.bzl), whose language is a dialect of Python.

`http_archive(urls = ["…/vV.tar.gz"], strip_prefix = "kit-V", sha256 = "…")` has the anchor
`http_archive.urls/url github.com/owner/kit`.
"""

from __future__ import annotations

from fi_bump.formats import other, python
from fi_bump.pins import Found, Source, Wanted


def find(source: Source, wanted: Wanted) -> Found:
    """Return the addresses and requirements in the strings of a Bazel file. Takes any text."""
    # Names are compared without case, and a script may be called `build`.
    return other.find(source, wanted) if source.data.startswith(b"#!") else python.find(source, wanted)
