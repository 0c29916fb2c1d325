"""`--shard K/N`: one part of a run that several machines share, so that a scheduler can start it N times."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fi_bump.errors import UsageError


class Shard(NamedTuple):
    """Part `number` of `of` parts of a run, counted from 1."""

    number: int
    of: int

    def part(self, count: int) -> range:
        """Return the places of this part among `count` things: every `of`-th one."""
        return range(self.number - 1, count, self.of)

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


class Part(NamedTuple):
    """A report about one part of a run: which part, and everything that the whole run has to try."""

    number: int
    of: int
    plan: tuple[str, ...]

    @property
    def shard(self) -> Shard:
        """Which part it is."""
        return Shard(self.number, self.of)


def missing(parts: Sequence[Part]) -> Iterator[tuple[Shard, tuple[str, ...]]]:
    """Yield each part of the run of which there is no report, with what it had to try."""
    first = parts[0]
    for number in range(1, first.of + 1):
        if number not in {each.number for each in parts}:
            shard = Shard(number, first.of)
            yield shard, tuple(first.plan[place] for place in shard.part(len(first.plan)))


def hole(shard: Shard, plan: Sequence[str]) -> str:
    """Return the words for a part that left no report."""
    what = f"these were not tried: {', '.join(plan)}" if plan else "it had nothing to try"
    return f"part {shard} left no report, so {what}"


def parse_shard(text: str | None) -> Shard | None:
    """Parse `K/N`; None for None. Raises UsageError unless 1 <= K <= N."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text.strip())
    shard = Shard(int(match[1]), int(match[2])) if match else Shard(0, 0)
    if not 1 <= shard.number <= shard.of:
        hint = "write K/N with K from 1 to N, for example --shard 1/4"
        raise UsageError(f"'{text}' does not name a part of a run", hint=hint)
    return shard
