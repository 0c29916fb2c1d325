"""Patterns that are written as Python expressions."""

from __future__ import annotations

import ast

import pytest

from fi_bump.fit.patterns import matches, pattern

CASES = [
    ("_.permute(0, 2, 1, 3)", "x.permute(0, 2, 1, 3)", True),
    ("_.permute(0, 2, 1, 3)", "f(y)[0].permute(0, 2, 1, 3)", True),
    ("_.permute(0, 2, 1, 3)", "x.permute((0, 2, 1, 3))", True),
    ("_.permute(0, 2, 1, 3)", "x.permute(0, 1, 2, 3)", False),
    ("_.permute(0, 2, 1, 3)", "x.permute(0, 2, 1, 3, 4)", False),
    ("_.permute(0, 2, 1, 3)", "permute(0, 2, 1, 3)", False),
    ("_.reshape(..., _ // 4, 4)", "w.reshape(s[0], s[1], (s[2] // 4), 4)", True),
    ("_.reshape(..., _ // 4, 4)", "w.reshape(n // 4, 4)", True),
    ("_.reshape(..., _ // 4, 4)", "w.reshape([a, n // 4, 4])", True),
    ("_.reshape(..., _ // 4, 4)", "w.reshape(a, n // 8, 4)", False),
    ("_.reshape(..., _ // 4, 4)", "w.reshape(4)", False),
    ("_.reshape(..., _ * 4)", "w.reshape(a, b, n * 4)", True),
    ("_.reshape(..., _ * 4)", "w.reshape(a, n * 4, b)", False),
    ("_.ones((EXPERTS,), ...)", "torch.ones((num_experts,), dtype=d)", True),
    ("_.ones((EXPERTS,), ...)", "torch.ones([self.num_experts], dtype=d)", True),
    ("_.ones((EXPERTS,), ...)", "torch.ones((E,))", True),
    ("_.ones((EXPERTS,), ...)", "torch.ones((tokens,))", False),
    ("_.ones((EXPERTS,), ...)", "torch.ones((num_experts, hidden))", False),
    ("_.amax(dim=_)", "w.abs().amax(dim=(1, 2))", True),
    ("_.amax(dim=_)", "w.abs().amax()", False),
    ("_.f(True)", "x.f(1)", False),
]


@pytest.mark.parametrize(("wanted", "text", "expected"), CASES)
def test_what_a_pattern_matches(wanted: str, text: str, expected: bool) -> None:
    assert matches(pattern(wanted), ast.parse(text, mode="eval").body) is expected
