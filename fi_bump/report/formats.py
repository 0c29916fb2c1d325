"""The names of the output formats, which options, commands and writers share."""

from __future__ import annotations

from typing import Literal, get_args

# Written from one model of the findings of `check`, `audit`, `smoke` or `compare` (fi_bump/report/findings/).
Written = Literal["github", "gitlab", "junit", "markdown", "sarif"]
# For people, for programs, and for CI.
ReportFormat = Literal["text", "json", Written]
# The drawing is of the numbers of kernels, which no other command has.
SmokeFormat = Literal["table", "json", Written, "svg"]
# For commands that print a list or a table and have no findings.
ListFormat = Literal["text", "json"]
BisectFormat = Literal["text", "json", "markdown"]

REPORT_FORMATS: tuple[ReportFormat, ...] = get_args(ReportFormat)
SMOKE_FORMATS: tuple[SmokeFormat, ...] = get_args(SmokeFormat)
BISECT_FORMATS: tuple[BisectFormat, ...] = get_args(BisectFormat)


def report_format(name: str) -> ReportFormat | None:
    """Return the format with that name; None for any other text."""
    return next((form for form in REPORT_FORMATS if form == name), None)
