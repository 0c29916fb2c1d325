"""Whether two failures say the same: messages without what differs from run to run."""

from __future__ import annotations

import re

# In this order: what is longer comes before the numbers in it.
_VARIES = (
    # Addresses, and hexadecimal words of at least eight digits and letters: hashes, ids.
    (re.compile(r"\b0x[0-9a-f]+\b", re.IGNORECASE), "0x#"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "#"),
    (re.compile(r"(?<![\w.])(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{8,}(?![\w.])", re.IGNORECASE), "#"),
    # Names that tempfile, pytest and xdist make up.
    (re.compile(r"\btmp[a-z0-9_]{8}\b"), "tmp#"),
    (re.compile(r"\bpytest-of-[^/\s]+"), "pytest-of-#"),
    (re.compile(r"\bgw\d+\b"), "gw#"),
    # Dates, times of day.
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"), "#"),
    (re.compile(r"\b\d\d?:\d\d(?::\d\d)?(?:[.,]\d+)?\b"), "#"),
    # Numbers and versions that are a word of their own, with a unit or without. `fp4`, `sm_90` and `int8` are names.
    # NaN is no number: where one appears, something else went wrong.
    (
        re.compile(
            r"(?<![\w.])[-+]?(?:\d+(?:[.,]\d+)*\.?|\.\d+)(?:(?:\.?(?:post|dev|rc|a|b)\d+)+|e[-+]?\d+)?"
            r"(?:\s?(?:ns|us|µs|ms|s|sec|seconds?|minutes?|bytes?|[kmgt]i?b|%))?(?![\w])",
            re.IGNORECASE,
        ),
        "#",
    ),
    (re.compile(r"\s+"), " "),
)
_LONGEST = 500


def signature(message: str) -> str:
    """The message without addresses, numbers, times, seeds and temporary names; two failures of one cause share it."""
    for pattern, stand_in in _VARIES:
        message = pattern.sub(stand_in, message)
    return message.strip()[:_LONGEST]
