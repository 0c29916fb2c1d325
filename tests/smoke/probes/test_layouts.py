"""Tests of naming layouts by the fingerprint of their permutation, and of faults. They need torch but no GPU."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the probes compute with torch, on which fi-bump does not depend")

from fi_bump.smoke.probes import layouts  # noqa: E402  # after torch is there
from tests.smoke.probes import kernel_model  # noqa: E402  # after torch is there

Function = Callable[[Any], Any]


def fours(scales: Any) -> Any:
    """Interleave scales like 0.6.11: `[e, rows, k / 32]` to `[e, k / 128, rows * 4]`."""
    experts, rows, blocks = scales.shape
    return scales.reshape(experts, rows, -1, 4).transpose(1, 2).reshape(experts, blocks // 4, rows * 4)


def words(values: Any) -> Any:
    """Reverse the bits of each 32-bit word, which is not a permutation of nibbles."""
    bits = layouts._unpacked(values, 8).reshape(-1, 32).flip(-1).flatten().long()
    return layouts._packed(bits, 8).reshape(values.shape)


@pytest.mark.parametrize(
    "interleave",
    [
        functools.partial(kernel_model.permuted, order=kernel_model.ORDER),
        lambda weights: weights.flip(-1),
        lambda weights: weights.flatten(),
        words,
    ],
    ids=["nibbles", "a row reversed", "another shape", "bits of a word"],
)
def test_a_permutation_of_bits_has_a_digest(interleave: Function) -> None:
    found = layouts.of_weights(interleave, device="cpu")
    assert (found.name, found.trouble) == ("unknown", None)
    assert found.digest == layouts.of_weights(interleave, device="cpu").digest


def test_different_permutations_have_different_digests() -> None:
    functions: list[Function] = [lambda each: each, words, lambda each: each.flip(-1), lambda each: each.flip(0)]
    assert len({layouts.of_weights(each, device="cpu").digest for each in functions}) == 4


def test_the_scales_of_two_releases_are_named() -> None:
    assert layouts.of_scales(fours, device="cpu") == layouts.Layout("interleaved", "c76754fd494f2525")
    assert layouts.of_scales(lambda scales: scales.clone(), device="cpu").name == "unknown"


def test_the_permutation_itself() -> None:
    found, trouble = layouts.permutation(fours, (1, 2, 8), 1, "scales", "cpu")
    assert trouble is None
    assert found is not None
    assert found.tolist() == [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15]


VALUES = "changes values, or treats them differently"
LOST = "is not a permutation of bits: some are lost or duplicated"


@pytest.mark.parametrize(
    ("interleave", "trouble"),
    [
        (functools.partial(kernel_model.permuted, order=[0, 0, 2, 3, 4, 5, 6, 7]), LOST),
        (lambda weights: weights ^ 0x10, LOST),
        (lambda weights: weights & 0xFE, LOST),
        (lambda weights: weights | weights.roll(1, -1), LOST),
        (lambda weights: weights[:, :, :-1], "turns 65536 bytes into 65024"),
        (lambda weights: weights.int(), "turns 65536 bytes into 262144"),
        (lambda weights: weights.flip(-1) if len(weights.unique()) > 200 else weights, VALUES),
    ],
    ids=["a nibble doubled", "a bit flipped", "a bit lost", "bits merged", "cut", "wider", "values differ"],
)
def test_what_is_no_interleave_of_weights(interleave: Function, trouble: str) -> None:
    found = layouts.of_weights(interleave, device="cpu")
    assert found.digest is None
    assert found.trouble == trouble


def test_scales_that_move_by_their_value() -> None:
    def odd(scales: Any) -> Any:
        return fours(scales) if len(scales.unique()) < 3 else fours(scales).flip(-1)

    assert layouts.of_scales(odd, device="cpu").trouble == VALUES


def test_scales_that_are_changed() -> None:
    trouble = layouts.of_scales(lambda scales: fours(scales) + 1, device="cpu").trouble
    assert trouble == VALUES
