"""What each field of the lock may hold, as the schema in schemas/versions.lock.schema.json describes it."""

from __future__ import annotations

import re

from fi_bump.boundary import left_out
from fi_bump.grammar import is_common_version
from fi_bump.lock.records import USERS_INDEXES

# In characters. No release comes near it, and Python refuses to parse numbers that are much longer.
LONGEST_VERSION = 100

# `re` compiles these on first use: most locks need only some of them.
# PEP 440, appendix B, without the local label: a group's version is the public one.
CANONICAL_VERSION = (
    r"(?:[1-9][0-9]*!)?(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*"
    r"(?:(?:a|b|rc)(?:0|[1-9][0-9]*))?(?:\.post(?:0|[1-9][0-9]*))?(?:\.dev(?:0|[1-9][0-9]*))?"
)
NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*"
VARIABLE = r"[A-Z_][A-Z0-9_]*"
REPOSITORY = r"[a-z0-9.-]+(?::[0-9]+)?(?:/[a-z0-9._~-]+)+"
LABEL = r"[a-z0-9]+(?:\.[a-z0-9]+)*"
INDEX = rf"(?:https?|file)://\S+|{USERS_INDEXES}"
# No part of the path is empty, `.` or `..`.
SITE = r"(?!(?:[^#]*/)?\.{0,2}[/#])[^#\x00-\x1f]+#[^\x00-\x1f]+"
GLOB = r"[^\x00-\x1f]+"
MINIMUM_AGE = r"[1-9][0-9]{0,3} days?"
TEXT = r"[^\x00-\x1f]*[^\x00-\x20][^\x00-\x1f]*"
# How a version becomes a tag, after the condition under which it does.
TAG = (
    r"(?:(?:dev|pre|(?:[<>]=?|[=!]=|~=)[0-9A-Za-z.!+]+(?:,(?:[<>]=?|[=!]=|~=)[0-9A-Za-z.!+]+)*): )?"
    r"[A-Za-z0-9._/+-]*\{(?:version|base)\}(?:[A-Za-z0-9._/+-]|\{(?:version|base|date)\})*"
)
FILE = r"[A-Za-z0-9_.+!-]+"
DIGEST = r"sha256:[0-9a-f]{64}"


def is_canonical_version(text: str) -> bool:
    """Whether `text` is a public PEP 440 version in its canonical form."""
    return is_common_version(text) or re.fullmatch(CANONICAL_VERSION, text) is not None


def is_site(text: str) -> bool:
    """Whether the lock can record `text` as a site."""
    return re.fullmatch(SITE, text) is not None and left_out.refusal(text.partition("#")[0]) is None
