"""Pins in Bazel's files (MODULE.bazel, WORKSPACE, BUILD, *.bzl), whose language is a dialect of Python.

`http_archive(urls = ["…/vV.tar.gz"], strip_prefix = "kit-V", sha256 = "…")` has the anchor
`http_archive.urls/url github.com/owner/kit`.
"""

from __future__ import annotations

from fi_bump.formats import python
from fi_bump.pins import Found, Source, Wanted


def find(source: Source, wanted: Wanted) -> Found:
    """Return the addresses and requirements in the strings of a Bazel file. Takes any text."""
    return python.find(source, wanted)
