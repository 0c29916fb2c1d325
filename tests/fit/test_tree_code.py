"""What a kept comparison costs: no module that reads code or wheels."""

from __future__ import annotations

import subprocess
import sys


def test_a_kept_comparison_loads_nothing_that_reads_code_or_wheels() -> None:
    program = "import sys, fi_bump.fit.tree_code; print(*sorted(each for each in sys.modules if '.fit.' in each))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        "fi_bump.fit.engine",
        "fi_bump.fit.engine.files",
        "fi_bump.fit.engine.uses",
        "fi_bump.fit.kept",
        "fi_bump.fit.model",
        "fi_bump.fit.packages",
        "fi_bump.fit.plain",
        "fi_bump.fit.releases",
        "fi_bump.fit.signature",
        "fi_bump.fit.tree_code",
    ]
