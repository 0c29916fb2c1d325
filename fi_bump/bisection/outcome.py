"""What a bisection found, for a reader: the release, what it changed, and whether the answer is certain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fi_bump.bisection.model import Bisection, Candidate
from fi_bump.bisection.search import Borders, borders, next_place
from fi_bump.fit.model import Fit
from fi_bump.fit.release_changes import ReleaseChanges
from fi_bump.smoke.shard import Shard

NOTHING_KNOWN: Mapping[str, str] = {}


class BisectReport(NamedTuple):
    """A bisection with all that is known about the release that it found.

    `known_bad` are the candidates that were known to be bad, with the reason. `changes` says what the release changed,
    `code` how the repository's calls fit it, and `unread` why that is not known. `page` is the release's page, and
    `entry` is for the data of known breakages. `shard` is the part of a run that this is; `holes` are the parts that
    are missing, in words.
    """

    state: Bisection
    known_bad: Mapping[str, str] = NOTHING_KNOWN
    changes: ReleaseChanges | None = None
    code: tuple[Fit, ...] = ()
    unread: str | None = None
    page: str | None = None
    entry: Mapping[str, str] | None = None
    shard: Shard | None = None
    holes: tuple[str, ...] = ()

    @property
    def borders(self) -> Borders:
        """The last good and the first bad release."""
        return borders(self.state.judgements)

    @property
    def turn(self) -> Candidate:
        """The newer of the two releases at the border: the one that broke something, or repaired it."""
        found = self.borders
        return self.state.candidates[found.first_bad if self.state.rising else found.last_good]

    @property
    def before(self) -> Candidate:
        """The older of the two releases at the border."""
        found = self.borders
        return self.state.candidates[found.last_good if self.state.rising else found.first_bad]

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the answer is not certain, in words; empty if it is, and for one part of a run."""
        if self.shard is not None:
            return ()
        found, judgements, candidates = self.borders, self.state.judgements, self.state.candidates
        problems = [*self.holes]
        if found.problem is not None:
            problems.append(found.problem)
        if next_place(judgements) is not None:
            problems.append("the search is not over")
        if found.between:
            names = ", ".join(candidates[place].version for place in found.between)
            problems.append(f"releases next to the border were not judged: {names}")
        for place, said in ((found.last_good, "good"), (found.first_bad, "bad")):
            if found.problem is None and judgements[place] == "skip":
                problems.append(f"{candidates[place].version} was not judged, and only said to be {said}")
        return tuple(problems)

    @property
    def ok(self) -> bool:
        """Whether one release is found for certain; for a part of a run, whether it tried all that it had to."""
        return not self.problems
