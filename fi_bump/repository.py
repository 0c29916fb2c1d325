"""One repository as the commands see it: its lock, the scan of its tree, and writing a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fi_bump.errors import ConflictError, LockError
from fi_bump.lock.reading import load
from fi_bump.lock.records import LOCK_NAME, Lock
from fi_bump.lock.writing import dump
from fi_bump.pins import Found, Place, Source
from fi_bump.records import TYPE_CHECKING, NamedTuple
from fi_bump.scanning import files
from fi_bump.scanning.asked import literal_anchors, recorded_anchors, wanted_by
from fi_bump.scanning.in_tests import split_tests
from fi_bump.scanning.look import look
from fi_bump.scanning.scan import Scan, scan, watch_names

if TYPE_CHECKING:
    from fi_bump.editing.plan import Plan
    from fi_bump.scanning.cache import Watch
    from fi_bump.scanning.revision import Nameless


class Repository(NamedTuple):
    """A folder with a lock: the lock's bytes as read, and the parsed lock."""

    root: str
    lock_data: bytes
    lock: Lock

    def scan(
        self,
        paths: Iterable[str] = (),
        watch: Watch | None = None,
        *,
        quiet: bool = False,
        words: Iterable[bytes] = (),
    ) -> Scan:
        """Find the pins in `paths`, or in the whole tree. `watch` is the cache of the last check.

        A terminal sees that a scan takes long, unless `quiet`. `words` are explained at `scan`.
        """
        return scan(self.root, self.lock, paths, watch, quiet=quiet, words=words)

    def quick_scan(self, words: Iterable[bytes] = ()) -> Scan:
        """Find the pins in the whole tree without the files in which the last check found nothing, if it was cached.

        It is only for looking: before a write every file is read, because a cached answer could be wrong.
        """
        from fi_bump.scanning import cache

        root = self.root
        last = cache.recall(root) if cache.enabled(root) else cache.nothing()
        known = cache.Watch(root, watch_names(self.lock), last) if last.cached is not None else None
        return self.scan(watch=known, words=words)

    def verified(self, plan: Plan) -> Plan:
        """Verify a plan, get a second opinion on it, and return it. Raises InternalError or FileError."""
        from fi_bump.editing.plan import verify

        verify(plan, finder_of(plan.lock))
        if plan.changes:
            # Third-party parsers check the result too; `check` without --fix never spends that time.
            from fi_bump.editing.second_opinion import confirm

            confirm(plan)
        return plan

    def new_lock_data(self, plan: Plan) -> bytes:
        """Return the lock's bytes after the plan, unchanged if the lock is the same."""
        return self.lock_data if plan.lock == self.lock else dump(plan.lock)

    def diff(self, plan: Plan) -> bytes:
        """Return the plan as one patch for `git apply`, with the lock last."""
        from fi_bump.editing.diff import unified

        patches = [unified(change.source.path, change.source.data, change.new) for change in plan.changes]
        return b"".join([*patches, unified(LOCK_NAME, self.lock_data, self.new_lock_data(plan))])

    def apply(self, plan: Plan, command: str = "a change") -> None:
        """Write the verified plan: all files or none, the lock last. `command` is what `undo --list` says of it."""
        from fi_bump.editing import write

        changes = [write.FileChange(change.source.path, change.source.data, change.new) for change in plan.changes]
        new_lock = self.new_lock_data(plan)
        if new_lock != self.lock_data:
            load(new_lock)  # Raises an error rather than write a lock that the next command could not read.
            changes.append(write.FileChange(LOCK_NAME, self.lock_data, new_lock))
        if changes:
            write.commit(self.root, changes, command)


def finder_of(lock: Lock) -> Callable[[Source], Found]:
    """Return the function that finds the pins of a lock in the bytes of a file."""
    wanted = wanted_by(lock.groups)
    literals = literal_anchors(lock.groups)
    anchors = recorded_anchors(lock.groups)

    def find(source: Source) -> Found:
        found = look(source, wanted, literals.get(source.path, ()), anchors.get(source.path, ()))
        return found._replace(pins=split_tests(found.pins, lock)[0])

    return find


def open_repository(folder: str) -> Repository:
    """Open the repository at `folder`. Raises LockError without a valid lock, ConflictError for conflict markers."""
    root = files.find_root(folder)
    source = files.read_optional(root, LOCK_NAME)
    if source is None:
        hint = "run fi-bump init, or give the repository's folder with -C"
        raise LockError("there is no lock here", place=LOCK_NAME, hint=hint)
    try:
        return Repository(root, source.data, load(source.data))
    except LockError:
        if places := conflict_places(source.data):
            raise ConflictError(str(places[0]), source.data) from None
        raise


def open_commit(root: str, commit: str, name: str, nameless: Nameless | None = None) -> tuple[Repository, Scan] | None:
    """Return the repository and its scan as they are in a commit, without a checkout; None if it has no lock.

    `name` is the revision as the user wrote it, for messages. Raises LockError for an invalid lock.
    """
    from fi_bump.git import commits
    from fi_bump.scanning.revision import scan_commit

    data = commits.at(root, commit, LOCK_NAME)
    if data is None:
        return None
    try:
        lock = load(data)
    except LockError as error:
        error.place = (error.place or LOCK_NAME).replace(LOCK_NAME, f"{name}:{LOCK_NAME}", 1)
        raise
    return Repository(root, data, lock), scan_commit(root, commit, lock, {} if nameless is None else nameless)


def conflict_places(data: bytes) -> list[Place]:
    """Return the conflict markers of a lock's bytes."""
    from fi_bump.scanning import markers

    source = Source(LOCK_NAME, data)
    return [source.place(span) for span in markers.marked(data)]


def sides(root: str, data: bytes) -> list[Repository]:
    """Return the repository as each side of a conflicted lock describes it, ours first; a broken side is left out."""
    from fi_bump.scanning import markers

    found = []
    for ours in (True, False):
        text = markers.side(data, ours=ours)
        try:
            found.append(Repository(files.find_root(root), text, load(text)))
        except LockError:
            continue
    return found
