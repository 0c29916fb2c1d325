"""Tests of what the records of the report compute."""

from __future__ import annotations

import pytest

from fi_bump.smoke.model import MetricChange


@pytest.mark.parametrize(("before", "after", "share"), [(2.0, 3.0, 0.5), (4.0, 1.0, -0.75), (0.0, 1.0, None)])
def test_the_share_of_a_change(before: float, after: float, share: float | None) -> None:
    assert MetricChange("a", "error", before, after).share == share
