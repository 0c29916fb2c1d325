"""Shell completion: suggest the lock's groups and sites, and the versions that are known without a network.

Nothing here may raise or print: the shell would mix it into the command line. The suggested versions are the locked
ones and those in the cache of earlier answers from package indexes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from fi_bump.errors import FiBumpError
from fi_bump.records import TYPE_CHECKING

if TYPE_CHECKING:
    from fi_bump.lock.records import Group


class Escaped(str):
    """A suggestion escaped for bash, which, unlike zsh and fish, inserts a program's suggestions unquoted."""

    def __new__(cls, text: str, quote: str = "") -> Escaped:
        """Put a backslash before each character that has a meaning in bash; in an open quote, only where it has one."""
        if quote == "'":
            return super().__new__(cls, text.replace("'", r"'\''"))
        meaning = r'(["$`\\])' if quote == '"' else r"([^\w@%+=:,./#-])"
        return super().__new__(cls, re.sub(meaning, r"\\\1", text))

    def startswith(self, *_: object) -> bool:
        """Return True, so that typer keeps every suggestion.

        typer compares a suggestion with the typed word, which has no escapes and may have the `==` in front of it.
        """
        return True


def suggest(source: str, root: str, typed: str) -> list[str]:
    """Return what completes the typed text: `groups`, `sites`, `members` or `targets` of the lock in a folder."""
    if source == "targets":
        return for_shell(targets(root, words_before(), typed))
    if source == "sites":
        return for_shell(_beginning(typed, sites(root)))
    return _beginning(typed, groups(root) if source == "groups" else members(root))


def for_shell(offered: list[str]) -> list[str]:
    """Return the suggestions, escaped if the shell that asks is bash."""
    return [Escaped(text, _open_quote()) for text in offered] if _asked_by_bash() else offered


def _open_quote() -> str:
    """Return the quote with which the word begins that bash completes; the word is as it was typed."""
    words, number = os.environ.get("COMP_WORDS", "").split("\n"), os.environ.get("COMP_CWORD", "")
    word = words[int(number)] if number.isdecimal() and int(number) < len(words) else ""
    return word[:1] if word[:1] in ("'", '"') else ""


def _asked_by_bash() -> bool:
    return os.environ.get("_FI_BUMP_COMPLETE") == "complete_bash"


def words_before() -> list[str]:
    """Return the words before the one being completed, as bash splits them; empty for other shells.

    They come from bash's own variables, because typer does not pass them on.
    """
    if not _asked_by_bash():
        return []
    words = os.environ.get("COMP_WORDS", "").split("\n")
    number = os.environ.get("COMP_CWORD", "")
    return words[: int(number)] if number.isdecimal() else []


def groups(root: str) -> list[str]:
    """Return the names of the lock's groups."""
    return [group.name for group in _groups(root)]


def sites(root: str) -> list[str]:
    """Return the recorded sites of all groups."""
    return [site for group in _groups(root) for site in group.sites]


def members(root: str) -> list[str]:
    """Return the packages of all groups."""
    return [member.name for group in _groups(root) for member in group.packages]


def targets(root: str, before: Sequence[str], typed: str) -> list[str]:
    """Return `GROUP==VERSION` for each group, newest first; with a single group, also its bare versions.

    `before` are the words before `typed`. Bash splits words at `=`, so a word that follows a separate `==` is
    completed as a version.
    """
    from fi_bump.releases.known_versions import newest_versions

    known = _groups(root)
    words = [*before, typed]
    cut = next((index for index in (-1, -2) if len(words) >= -index and words[index] in ("=", "==")), None)
    if cut is not None:
        named = words[cut - 1] if len(words) > -cut else ""
        versions = [version for group in known if group.name == named for version in newest_versions(root, group)]
        return _beginning("" if cut == -1 else typed, versions)
    of_groups = {group.name: newest_versions(root, group) for group in known}
    offered = [f"{name}=={version}" for name, versions in of_groups.items() for version in versions]
    if len(known) == 1:
        offered = [*of_groups[known[0].name], *offered]
    return _beginning(typed, offered)


def _beginning(typed: str, offered: list[str]) -> list[str]:
    return [text for text in offered if text.startswith(typed)]


def _groups(root: str) -> tuple[Group, ...]:
    from fi_bump.lock.reading import load
    from fi_bump.lock.records import LOCK_NAME
    from fi_bump.scanning import files

    try:
        source = files.read_optional(root, LOCK_NAME)
        return load(source.data).groups if source is not None else ()
    except FiBumpError:
        return ()
