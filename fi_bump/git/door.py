"""The one door to git: every call goes through `run`, so that no repository's configuration starts a program.

A repository may come from anyone, and its `.git/config` may name programs: a file-system monitor, hooks, an external
diff, a transport that fetches missing objects. `run` turns all of them off. Only `git commit` runs the user's hooks,
because a commit without them would not be the user's commit.
"""

from __future__ import annotations

import os
import subprocess

from fi_bump.errors import FiBumpError

# Options before the subcommand; the last value of a setting counts, and those of the command line come last.
# --literal-pathspecs: git must not read a `*` or `:(top)` in a path as a pattern.
_PLAIN = ("--no-pager", "--literal-pathspecs", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never")
_NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")
# No lock only to refresh the index, no question at the terminal, no fetch of an object that a partial clone lacks.
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}


def run(root: str, *arguments: str, given: bytes = b"", hooks: bool = False) -> subprocess.CompletedProcess[bytes]:
    """Run git in `root`, with `given` on its standard input, and return its exit code and its output.

    Raises FiBumpError if there is no git.
    """
    command = ["git", "-C", root, *_PLAIN, *(() if hooks else _NO_HOOKS), *arguments]
    environment = {**os.environ, **({} if hooks else _QUIET)}
    try:
        return subprocess.run(command, input=given, capture_output=True, check=False, env=environment)
    except FileNotFoundError:
        raise FiBumpError("git is not on PATH") from None


def words(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return the output of git and of the hooks that it ran."""
    text = "\n".join(each.decode("utf-8", "surrogateescape").strip() for each in (done.stdout, done.stderr))
    return text.strip() or f"git exited with {done.returncode} and printed nothing"
