"""The rules: what each kind of result means, whether it fails its command, and what to do about it."""

from __future__ import annotations

from enum import Enum, StrEnum

FIX = "run fi-bump check --fix"


class Severity(StrEnum):
    """Whether a result fails its command: an `error` does, a `note` does not."""

    error = "error"
    note = "note"


class Rule(Enum):
    """Every kind of result that `check`, `audit`, `smoke` and `compare` report. The value is the name that users see.

    This is the only place for what a rule means: the help lines of reports, SARIF's rules, `fi-bump explain` and the
    tables in the docs all read it. `meaning` and `remedy` are clauses in lower case without a full stop. `remedy` says
    what a person can do; GROUP, SITE and VERSION in it stand for the finding's own. `fixable` says that
    `check --fix` repairs it, except for places that it must not change.
    """

    command: str
    severity: Severity
    meaning: str
    remedy: str
    fixable: bool

    DRIFT = (
        "drift",
        "check",
        Severity.error,
        "a pin is not at its group's version",
        "update the version and its checksums together, or regenerate the file",
        True,
    )
    MISSING_SITE = (
        "missing-site",
        "check",
        Severity.error,
        "the lock records a pin that is no longer there",
        "put the pin back, or forget its site: fi-bump site remove SITE",
    )
    NEW_SITE = (
        "new-site",
        "check",
        Severity.error,
        "a pin is at the right version, but the lock does not record it",
        FIX,
        True,
    )
    UNASSIGNED = (
        "unassigned",
        "check",
        Severity.error,
        "several groups could own a pin",
        "say which group owns the pin: fi-bump site add --group GROUP SITE",
    )
    UNPINNED = (
        "unpinned",
        "check",
        Severity.note,
        "a place names a package of the lock but holds no version that fi-bump can move",
        "write an exact version there if fi-bump should keep it in step",
    )
    GATE_BEHIND = (
        "gate-behind",
        "check",
        Severity.note,
        "a comparison, a constant or a check at run time has another version than the lock",
        "review the code at this place, and update its version if it is about the release that the lock names",
    )
    LINK_OUTSIDE = (
        "link-outside",
        "check",
        Severity.note,
        "a link with a file name that fi-bump reads leads out of the repository, so it is not read",
        "put the file itself there, or exclude the link in versions.lock.json",
    )
    MISSING_ROW = (
        "missing-row",
        "check",
        Severity.error,
        "a table of versions and checksums has a row for the old version and none for the new one; only set says so",
        "add a row for VERSION with its checksum, then run again",
    )
    FLOOR_VIOLATED = (
        "floor-violated",
        "check",
        Severity.error,
        "a range, for example >=0.7, excludes the lock's version",
        "widen the range, or set a version that it allows",
    )
    HASH_MISMATCH = (
        "hash-mismatch",
        "check",
        Severity.error,
        "a --hash next to a pin, or with --online a hash in the lock, is not one of the release's",
        "find out who changed the file before you install it; fi-bump set GROUP==VERSION records the index's hashes",
    )
    NOT_IN_INDEX = (
        "not-in-index",
        "check",
        Severity.error,
        "with --online: the package index does not have the locked release, or no file of it that fits",
        "look up the newest release that every member has: fi-bump latest",
    )
    MISSING_TAG = (
        "missing-tag",
        "check",
        Severity.error,
        "a version is used as a tag that its repository does not have; only set and check --online say so",
        "write the tag that the report names there; if it is no version, forget the place: fi-bump site remove SITE",
    )
    UNKNOWN_TAG = (
        "unknown-tag",
        "check",
        Severity.note,
        "with --online: git could not ask a repository for its tags",
        "run git ls-remote --tags with the address of the repository to see why",
    )
    YANKED = (
        "yanked",
        "check",
        Severity.error,
        "with --online: the locked release was withdrawn (yanked) from its package index",
        "look up the newest release that every member has: fi-bump latest",
    )
    STALE_LOCK_FILE = (
        "stale-lock-file",
        "check",
        Severity.error,
        "a lock file of another tool, for example uv.lock, is not at its group's version",
        "regenerate each lock file, or exclude it in versions.lock.json",
    )
    MERGE_CONFLICT = (
        "merge-conflict",
        "check",
        Severity.error,
        "conflict markers are in the lock, or in a file with a pin; nothing in that file is compared or changed",
        "run fi-bump resolve, which decides the lock and the pins of a merge together",
    )
    INTERRUPTED = (
        "interrupted",
        "check",
        Severity.error,
        "a fi-bump that was killed left its journal",
        FIX,
        True,
    )
    MENTION = (
        "mention",
        "check",
        Severity.note,
        "with --mentions: a line names another version of a member and is not a pin",
        "check whether the line is still right; fi-bump does not change it",
    )
    CONFLICT = (
        "conflict",
        "audit",
        Severity.error,
        "the repository has a requirement that a pinned release excludes",
        "run the fi-bump set command that the report names, or change one of the two requirements",
    )
    UNRESOLVED = (
        "unresolved",
        "audit",
        Severity.error,
        "with --resolve: uv finds no releases that satisfy a requirement file",
        "change a requirement that uv's explanation names",
    )
    RISK = (
        "risk",
        "audit",
        Severity.note,
        "the pins agree, but an installation can still go wrong",
        "pin the release that the note names, or add an index that has it",
    )
    API_REMOVED = (
        "api-removed",
        "audit",
        Severity.error,
        "with --api: the code uses a name that the release does not have",
        "use the name that replaces it, which the report shows where there is one",
    )
    API_KEYWORD = (
        "api-keyword",
        "audit",
        Severity.error,
        "with --api: a call passes a keyword that the function does not take in the release",
        "change the call to the new signature, which the report shows beside the old one",
    )
    API_REQUIRED = (
        "api-required",
        "audit",
        Severity.error,
        "with --api: a call leaves out a parameter that the function needs in the release",
        "pass the parameter; the report shows the new signature beside the old one",
    )
    API_POSITIONAL = (
        "api-positional",
        "audit",
        Severity.error,
        "with --api: an argument that is passed by position reaches another parameter in the release",
        "pass the arguments by name; the report shows the new signature beside the old one",
    )
    API_ARITY = (
        "api-arity",
        "audit",
        Severity.error,
        "with --api: a call passes more arguments than the function takes in the release, or another number than a "
        "compiled function takes",
        "change the call to the new signature, which the report shows beside the old one",
    )
    API_GUARDED = (
        "api-guarded",
        "audit",
        Severity.note,
        "with --api: a use breaks in the release, but the code tests for it or goes on without it",
        "check that the code still does what you want where it takes the other way",
    )
    API_PIN = (
        "api-pin",
        "audit",
        Severity.note,
        "with --api: the code does not fit the release that it is pinned to",
        "move the pin to a release that fits, or run this code once to see whether it is still used",
    )
    API_DEFAULT = (
        "api-default",
        "audit",
        Severity.note,
        "with --api: a parameter that a call leaves out gets another default in the release",
        "pass the old value if the code relies on it",
    )
    API_PRECONDITION = (
        "api-precondition",
        "audit",
        Severity.note,
        "with --api: a function that the code calls checks something that it did not check before",
        "check that what the call passes satisfies the condition",
    )
    API_DEPRECATED = (
        "api-deprecated",
        "audit",
        Severity.note,
        "with --api: the release says that a name or a parameter which the code uses is going away",
        "read what the release says in its place",
    )
    API_MOVED = (
        "api-moved",
        "audit",
        Severity.note,
        "with --api: a name still works, but the release defines it in another module",
        "import it from the module that the report names",
    )
    API_MEANING = (
        "api-meaning",
        "audit",
        Severity.note,
        "with --api: the release gives a value another meaning, which no signature shows",
        "read the reason in the report, and run the probe that it names on a GPU",
    )
    PROBE_FAILED = (
        "probe-failed",
        "smoke",
        Severity.error,
        "a probe of the locked version failed",
        "try another release next to the locked one: fi-bump smoke --against VERSION",
    )
    PROBE_NOT_RUN = (
        "probe-not-run",
        "smoke",
        Severity.error,
        "a required probe did not run",
        "run fi-bump smoke on a machine that the probe can use, or do not require the probe",
    )
    SMOKE_VERDICT = (
        "smoke-verdict",
        "smoke",
        Severity.error,
        "the run as a whole is red",
        "read the reasons at the end of the report of --format table",
    )
    STANDING_FAILURE = (
        "standing-failure",
        "smoke",
        Severity.note,
        "a probe failed, and it fails in the baseline too",
        "compare the report with the baseline, which has the same failure",
    )

    NEW_FAILURE = (
        "new-failure",
        "compare",
        Severity.error,
        "a test fails that did not fail in the baseline",
        "find out whether the change causes it; another baseline run shows whether the test is flaky",
    )
    OTHER_MESSAGE = (
        "other-message",
        "compare",
        Severity.error,
        "a test fails as in the baseline, but with another message",
        "compare the two messages: the test may fail for a second reason now",
    )
    VANISHED = (
        "vanished",
        "compare",
        Severity.error,
        "a test that the baseline ran is missing or skipped",
        "find out why it does not run",
    )
    SLOWER = (
        "slower",
        "compare",
        Severity.error,
        "a test takes longer, by more than noise explains or by more than --slower allows",
        "find out what the test spends its time on",
    )
    TEST_RUNS = (
        "test-runs",
        "compare",
        Severity.error,
        "something is wrong with the runs as a whole: a file ends early, or all tests became slower",
        "read the report of --format text",
    )
    MAYBE_SLOWER = (
        "maybe-slower",
        "compare",
        Severity.note,
        "a test took longer, and noise may explain it",
        "compare more runs: three before and three after the change allow a claim",
    )
    INFRASTRUCTURE = (
        "infrastructure",
        "compare",
        Severity.note,
        "a test could not be judged, because the machine or the network failed",
        "run the test again",
    )
    FLAKY = (
        "flaky",
        "compare",
        Severity.note,
        "a test fails that fails now and then in the baseline too",
        "compare its failures with those of the baseline",
    )
    KNOWN_FAILURE = (
        "known-failure",
        "compare",
        Severity.note,
        "a test fails as in the baseline",
        "compare the run with the baseline, which has the same failure",
    )

    def __new__(
        cls, name: str, command: str, severity: Severity, meaning: str, remedy: str, fixable: bool = False
    ) -> Rule:
        """Make a rule whose value is its name."""
        rule = object.__new__(cls)
        rule._value_ = name
        rule.command = command
        rule.severity = severity
        rule.meaning = meaning
        rule.remedy = remedy
        rule.fixable = fixable
        return rule

    @property
    def fails(self) -> bool:
        """Whether a finding of this rule fails its command."""
        return self.severity is Severity.error

    @property
    def help(self) -> str:
        """What to do about a finding of this rule, in general."""
        by_hand = self.fixable and self.remedy != FIX
        return f"{FIX}; for a place that it leaves alone, {self.remedy}" if by_hand else self.remedy

    def remedy_for(self, **names: str | None) -> str:
        """The remedy with what GROUP, SITE and VERSION stand for; those that are None are left as they are."""
        # A tree in step has no remedy to show, so its check does not pay for this import.
        import re

        known = {name.upper(): value for name, value in names.items() if value is not None}
        # In one pass, because a site may itself contain the word VERSION.
        return re.sub("GROUP|SITE|VERSION", lambda match: known.get(match[0], match[0]), self.remedy)


def sentence(clause: str) -> str:
    """A clause as a sentence. A command at its start keeps its lower case."""
    return f"{clause if clause.startswith('fi-bump ') else clause[:1].upper() + clause[1:]}."


def rules_of(command: str) -> tuple[Rule, ...]:
    """The rules that a command reports."""
    return tuple(rule for rule in Rule if rule.command == command)
