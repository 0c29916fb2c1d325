"""What `set` does after the move on request: write a pull request's body, and make one git commit."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from typing import NamedTuple, TextIO

from fi_bump import user_files
from fi_bump.audit.preflight import Preflight
from fi_bump.change.committed import differing
from fi_bump.change.describe import before, describe
from fi_bump.change.index_answers import asked_by_set
from fi_bump.editing.plan import Plan
from fi_bump.git import commits
from fi_bump.lock.records import LOCK_NAME
from fi_bump.report.change.commit_message import message_text
from fi_bump.report.change.pull_request import body_text
from fi_bump.repository import Repository, open_repository
from fi_bump.request import Request
from fi_bump.scanning import files
from fi_bump.scanning.scan import Scan
from fi_bump.terminal.output import say, write_text


class Following(NamedTuple):
    """The work of `--pr-body FILE` and `--commit`, which takes `seconds` at most.

    `out` is the stream for the body if FILE is `-`.
    """

    root: str
    body: str | None
    commit: bool
    seconds: float
    out: TextIO

    def refuse(self, repository: Repository, plan: Plan) -> None:
        """Raise FiBumpError if git cannot commit exactly the files of the plan. To be called before the write."""
        paths = _paths(repository, plan)
        if self.commit and paths:
            commits.refuse_paths(self.root, [commits.behind_links(self.root, path) for path in paths])

    def finish(
        self, repository: Repository, plan: Plan, request: Request, scan: Scan, flight: Preflight | None
    ) -> None:
        """Write the body, then commit the files that the plan changed.

        `repository` and `scan` are from before the change.
        """
        paths = _paths(repository, plan)
        if not paths:
            say(["no pin moved, so no body was written and no commit was made"])
            return
        now = open_repository(self.root)
        asked = None if flight is None else asked_by_set(request, flight)
        about = describe(now, now.scan(), before(request.lock, scan.pins), asked)
        if self.body == "-":
            write_text(body_text(about), self.out)
        elif self.body is not None:
            user_files.put_text(self.body, body_text(about))
            say([f"wrote {self.body}"])
        if self.commit:
            message = message_text(about)
            files_of_git = [commits.behind_links(self.root, path) for path in paths]
            name, added = commits.commit(self.root, files_of_git, message + "\n", self.seconds)
            commits.refuse_other_content(
                differing(plan, repository.new_lock_data(plan), partial(commits.at, self.root, "HEAD"))
            )
            say([f"committed {name}: {message.partition(chr(10))[0]}"])
            say(f"note: a hook added {path} to the commit" for path in added)


@contextmanager
def following(root: str, body: str | None, commit: bool, seconds: float) -> Iterator[Following]:
    """Return the work that follows a `set`. Raises FiBumpError if it is impossible, before anything is written.

    If the body goes to standard output, everything else that is printed goes to standard error.
    """
    files.find_root(root)
    if commit:
        commits.refuse_commit(root)
    out = sys.stdout
    if body == "-":
        out.flush()
        with redirect_stdout(sys.stderr):
            yield Following(root, body, commit, seconds, out)
        return
    if body is not None:
        user_files.refuse_unwritable(body)
    yield Following(root, body, commit, seconds, out)


def _paths(repository: Repository, plan: Plan) -> list[str]:
    """Return the files that the plan changes, with the lock last."""
    lock = [LOCK_NAME] if repository.new_lock_data(plan) != repository.lock_data else []
    return [*(change.source.path for change in plan.changes), *lock]
