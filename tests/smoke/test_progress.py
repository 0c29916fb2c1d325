"""Tests of the progress while probes run."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from fi_bump.report.smoke.progress import Live, Plain
from fi_bump.smoke.model import ProbeReport
from fi_bump.smoke.progress import INSTALL, Steps, steps

DONE = ProbeReport("mxfp4", "fail", "wrong [layout]", 12.345, {})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[12/24] nvcc x.cu", Steps(12, 24)),
        ("\x1b[1m[1/24]\x1b[0m", Steps(1, 24)),
        ("[1/24] a\r[2/24] b", Steps(2, 24)),
        ("[0/24] starting", Steps(0, 24)),
        ("[25/24] odd", None),
        ("[0/0]", None),
        ("no count", None),
        ("[1234567/1234567]", None),
    ],
)
def test_ninjas_counts(line: str, expected: Steps | None) -> None:
    assert steps(line) == expected


def test_plain_lines() -> None:
    stream, now = io.StringIO(), iter([0.0, 10.0, 11.0, 31.0, 40.0, 41.0, 42.0])
    plain = Plain(stream, lambda: next(now))
    plain.note("making an environment")
    plain.started("mxfp4", "on device 0")
    plain.line("mxfp4", "[1/24] too soon after the start")
    plain.line("mxfp4", "no count")
    plain.line("mxfp4", "[12/24] half a minute later")
    plain.line("mxfp4", "[13/24] too soon again")
    plain.line("mxfp4", "[24/24] the last")
    plain.line("install", "[1/2] of something that was never started")
    plain.ended(DONE)
    assert stream.getvalue() == (
        "making an environment\n"
        "mxfp4: started on device 0\n"
        "mxfp4: compiling 12/24\n"
        "mxfp4: compiling 24/24\n"
        "install: compiling 1/2\n"
        "mxfp4: fail in 12.35 s: wrong [layout]\n"
    )


def test_a_reader_that_left() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    plain = Plain(Gone())
    plain.started("mxfp4", "on device 0")
    plain.ended(DONE)


def test_a_live_display() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=80, color_system=None, markup=False, highlight=False)
    with Live(console) as live:
        live.note("making an environment")
        live.started("mxfp4", "on device 0")
        live.line("mxfp4", "no count")
        live.line("other", "[1/2]")
        live.line("mxfp4", "[12/24] nvcc")
        live._bars.refresh()
        live.ended(DONE)
        live.ended(DONE._replace(name="never started", outcome="pass", reason=None))
    text = stream.getvalue()
    assert "mxfp4 compiling 12/24" in text
    assert "mxfp4: fail in 12.35 s: wrong [layout]" in text
    assert "never started: pass in 12.35 s" in text
    assert text.index("making an environment") < text.index("compiling 12/24") < text.index("fail in")


def test_a_row_while_an_environment_is_made() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100, color_system=None, markup=False, highlight=False)
    with Live(console) as live:
        live.line(INSTALL, "Downloading nothing yet")
        live.note("making an environment with flashinfer-python==0.6.8")
        live._bars.refresh()
        live.line(INSTALL, f"  Downloading torch-2.11.0 {'x' * 100}\n")
        live.line(INSTALL, "\n")
        live._bars.refresh()
        assert len(live._bars.tasks) == 1
        live.note("output is kept in /cache")
        assert [task.description for task in live._bars.tasks] == ["working"]
        live.started("mxfp4", "on device 0")
        live.line(INSTALL, "Downloading too late")
        assert [task.description for task in live._bars.tasks] == ["mxfp4 on device 0"]
        live.note("a remark while a probe runs")
        assert len(live._bars.tasks) == 1
        live.ended(DONE)
        assert live._bars.tasks == []
    text = stream.getvalue()
    assert "Downloading torch-2.11.0 xxx" in text
    assert "x" * 61 not in text
    assert "working" in text
    assert "nothing yet" not in text
    assert "too late" not in text
