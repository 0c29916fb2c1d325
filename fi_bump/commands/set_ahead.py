"""What `set` does while the first answers of the package indexes are on their way."""

from __future__ import annotations

from fi_bump.editing.plan import Plan
from fi_bump.lock.records import Group
from fi_bump.moving import early_plan
from fi_bump.repository import Repository
from fi_bump.request import NEWEST, Request
from fi_bump.scanning.mention_files import MentionFiles
from fi_bump.scanning.mentions import files_ahead
from fi_bump.scanning.scan import Scan


class Ahead:
    """A rehearsal's plan and its search for mentions, begun before the indexes have answered; as a context manager."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._moving: list[Group] = []
        self._files: MentionFiles | None = None
        self.plan: Plan | None = None

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def begin(self, request: Request, scan: Scan) -> None:
        """Do what needs no answer. The answers may still say that another version is meant."""
        self.mentioning(request, scan)
        if NEWEST not in request.versions.values():
            self.plan = early_plan(self._repository, request, scan)

    def mentioning(self, request: Request, scan: Scan) -> MentionFiles:
        """Return the files that may mention a version which moves: those of the last call, if the same groups move.

        grep begins to read them with the first call.
        """
        root, _, lock = self._repository
        moving = [each for each in lock.groups if request.versions.get(each.name, each.version) != each.version]
        if self._files is None or moving != self._moving:
            self._end()
            self._moving, self._files = moving, files_ahead(root, lock, moving, scan)
        return self._files

    def _end(self) -> None:
        if self._files is not None:
            self._files.__exit__()
