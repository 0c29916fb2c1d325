"""Test for linear time by scaling the input, so that a slow or busy machine fails no test."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

_ATTEMPTS = 4


def is_linear(look: Callable[[bytes], object], make: Callable[[int], bytes], count: int) -> bool:
    """Whether four times the input takes about four times the processor time; sixteen times would be quadratic."""
    small, large = make(count), make(4 * count)
    return any(_seconds(look, large) < 8 * _seconds(look, small) + 0.05 for _ in range(_ATTEMPTS))


def _seconds(look: Callable[[bytes], object], data: bytes) -> float:
    # A collection of garbage looks at everything that the tests before have left, and a longer run meets more of them.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        began = time.process_time()
        look(data)
        return time.process_time() - began
    finally:
        if was_enabled:
            gc.enable()
