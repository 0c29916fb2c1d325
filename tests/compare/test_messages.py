"""Two failures with one cause have one signature; two causes have two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.compare.messages import signature

SAME = [
    ("<object at 0x7f3a12c0>", "<object at 0x55d0ffee1234>"),
    ("max error 0.0123 at (1, 2)", "max error 4.5e-06 at (33, 0)"),
    ("took 3.2 s, limit 3 s", "took 12.75 s, limit 3 s"),
    ("12:03:44 ran out", "09:00:01 ran out"),
    ("2026-01-02T03:04:05.678Z failed", "2025-12-31T23:59:59Z failed"),
    ("seed=12345 failed", "seed=-7 failed"),
    ("torch 2.9.1 with flashinfer 0.6.8.post1", "torch 2.11.0 with flashinfer 0.6.11.post2"),
    ("/tmp/tmpab12_xyz/kernel.cu", "/tmp/tmpzz99qqww/kernel.cu"),
    ("/tmp/pytest-of-root/pytest-3/x", "/tmp/pytest-of-ci/pytest-11/x"),
    ("worker gw3 saw 7 of 8", "worker gw11 saw 6 of 8"),
    ("module 9f86d081884c7d65 is gone", "module deadbeef00112233 is gone"),
    ("id 123e4567-e89b-12d3-a456-426614174000", "id 00000000-e89b-12d3-a456-426614174fff"),
    ("tensor(\n  [1.0, 2.0])", "tensor( [3.5,   4.0])"),
    ("allocated 80 GiB, 1.5 GiB free", "allocated 79 GiB, 0.25 GiB free"),
    ("12% of elements differ", "0.5% of elements differ"),
    ("line 1,234,567 is bad", "line 12 is bad"),
]
OTHER = [
    ("dtype fp4 is not supported", "dtype fp8 is not supported"),
    ("sm_90 only", "sm_100 only"),
    ("expected int8", "expected int32"),
    ("assert nan == 1.0", "assert 0.3 == 1.0"),
    ("KeyError: 'w1'", "KeyError: 'w2'"),
    ("RuntimeError: a", "ValueError: a"),
    ("shape [1] or [n]", "shape [1, 2]"),
    ("decade is over", "facade is over"),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_what_differs_from_run_to_run_does_not_count(first: str, second: str) -> None:
    assert signature(first) == signature(second)


@pytest.mark.parametrize(("first", "second"), OTHER)
def test_words_and_names_count(first: str, second: str) -> None:
    assert signature(first) != signature(second)


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(), st.integers(0, 2**48))
def test_no_number_is_left(value: float, number: int, address: int) -> None:
    text = f"AssertionError: {value} is not {number}, <Tensor at {address:#014x}>"
    assert signature(text) == "AssertionError: # is not #, <Tensor at 0x#>"


@given(st.text())
def test_a_signature_is_its_own_signature_in_length(text: str) -> None:
    assert len(signature(text)) <= 500
    assert signature(f"  {text}\n") == signature(text)
