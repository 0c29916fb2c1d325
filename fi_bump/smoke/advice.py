"""What a reader of a red smoke report can do about the interpreter or the machine."""

from __future__ import annotations

from collections.abc import Iterator

from fi_bump.smoke.model import SmokeReport
from fi_bump.smoke.registry import PACKAGES

_OR_MADE = "or leave out --python, so that fi-bump makes an environment"


def advice_lines(report: SmokeReport) -> Iterator[str]:
    """Yield an imperative for each thing that the interpreter or the machine lacks; nothing for a green report."""
    if report.ok or report.sweep is not None:
        return
    target = report.target
    if PACKAGES[0] not in target.packages:
        yield f"help: install {PACKAGES[0]}=={report.version} in this interpreter, {_OR_MADE}"
    if target.torch is None:
        what = "repair" if "torch" in target.packages else "install"
        yield f"help: {what} torch in this interpreter, {_OR_MADE}"
    elif target.cuda is None and target.driver is not None:
        yield f"help: install a torch that is built with CUDA; torch {target.torch} is built without it"
    if not report.required:
        yield (
            "help: run fi-bump smoke on a machine with a GPU that these probes run on, or compile without one: "
            "fi-bump smoke --compile-only"
        )
