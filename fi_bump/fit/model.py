"""What the comparison of a repository's calls with a release finds. Pure data."""

from __future__ import annotations

from typing import NamedTuple

from fi_bump.findings.rules import Rule, Severity
from fi_bump.fit.engine.files import is_test
from fi_bump.fit.engine.uses import Use


class Defined(NamedTuple):
    """A definition in a release: its file in the wheel, its line, and its name with its signature."""

    release: str
    path: str
    line: int
    text: str


class Since(NamedTuple):
    """The release in which something changed, the day of its first upload, and the address of its page.

    With `is_way_back` the move is to an older release, and undoes what changed in this one.
    """

    version: str
    date: str | None = None
    page: str | None = None
    is_way_back: bool = False


class ApiFinding(NamedTuple):
    """One cause with every use that it concerns, all in the package's own code or all in its tests.

    `symbol` and `detail` say what the cause is about, whatever the places. `old` and `new` are the definitions in the
    two releases, `changes` what differs between their signatures, one text each. `instead` names what replaces a name
    that is gone, `probe` the probe of `fi-bump smoke` that shows the effect. `repaired` says of code that does not fit
    its own pin whether it fits the proposed release; None where none is proposed. `reasons` are more lines to read.
    """

    rule: Rule
    symbol: str
    detail: str
    message: str
    uses: tuple[Use, ...]
    old: Defined | None = None
    new: Defined | None = None
    changes: tuple[str, ...] = ()
    since: Since | None = None
    instead: str | None = None
    probe: str | None = None
    repaired: bool | None = None
    reasons: tuple[str, ...] = ()

    @property
    def fails(self) -> bool:
        """Whether it fails the audit."""
        return self.rule.severity is Severity.error

    @property
    def in_tests(self) -> bool:
        """Whether the uses are in tests, benchmarks and examples, and not in the package."""
        return all(is_test(use.place.path) for use in self.uses)


class Fit(NamedTuple):
    """How a repository's code fits the releases of one package, which is one of `group` or of no group.

    `proposed` is None where only the pinned release was looked at. `judged` of the `uses` could be told; `skipped` says
    why nothing, or not all, was compared. `remarks` are about the release as a whole.
    """

    package: str
    pinned: str
    proposed: str | None
    findings: tuple[ApiFinding, ...] = ()
    uses: int = 0
    files: int = 0
    judged: int = 0
    skipped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    group: str | None = None

    @property
    def command(self) -> str:
        """The command that makes this comparison, whatever the lock has by then."""
        if self.group is None:
            return f"fi-bump audit --api --package {self.package}=={self.proposed}"
        return f"fi-bump audit {self.group}=={self.proposed} --api --against {self.pinned}"

    @property
    def label(self) -> str:
        """`kit 1.0 -> 2.0`, or `kit 1.0` where nothing else is proposed."""
        return f"{self.package} {self.pinned}" + (f" -> {self.proposed}" if self.proposed else "")

    @property
    def fails(self) -> bool:
        """Whether some code breaks with the proposed release."""
        return any(each.fails for each in self.findings)


class Compared(NamedTuple):
    """One package and its releases; `repository` is where they have their pages, where that is known.

    `group` is the group that it is a member of, None for a package that only the command line names. With `trace_notes`
    each note names the release in which it came up, however many releases are between the two. `remark` is said of it
    whatever the comparison finds.
    """

    package: str
    pinned: str
    proposed: str | None = None
    repository: str | None = None
    group: str | None = None
    trace_notes: bool = False
    remark: str | None = None

    @property
    def uncompared(self) -> Fit:
        """What is known before anything is compared."""
        remarks = () if self.remark is None else (self.remark,)
        return Fit(self.package, self.pinned, self.proposed, remarks=remarks, group=self.group)
