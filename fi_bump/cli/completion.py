"""What a shell can offer while a command line is typed: names of the lock, and versions known without a network.

Nothing here may fail or print: a shell has no place to show it. Versions are those that the lock holds and those that
an index has named to an earlier command.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from fi_bump.errors import FiBumpError
from fi_bump.lock import LOCK_NAME, Group, Lock, load
from fi_bump.scanning import files

_NEWEST = 20


class Escaped(str):
    """A word as bash must find it on the line: unlike zsh and fish it quotes nothing of what a program offers."""

    def __new__(cls, text: str) -> Escaped:
        """The text with a backslash before whatever means something to bash."""
        return super().__new__(cls, re.sub(r"([^\w@%+=:,./#-])", r"\\\1", text))

    def startswith(self, *_: object) -> bool:
        """True: typer looks whether it begins with what was typed, without its escapes, or with the `==` before it."""
        return True


def written(offered: list[str]) -> list[str]:
    """What is offered, as the shell that asks must be told it."""
    return [Escaped(text) for text in offered] if _asked_by_bash() else offered


def _asked_by_bash() -> bool:
    return os.environ.get("_FI_BUMP_COMPLETE") == "complete_bash"


def words_before() -> list[str]:
    """The words in front of the one that is completed, as bash has cut them; typer hands none over."""
    if not _asked_by_bash():
        return []
    words = os.environ.get("COMP_WORDS", "").split("\n")
    number = os.environ.get("COMP_CWORD", "")
    return words[: int(number)] if number.isdecimal() else []


def groups(root: str) -> list[str]:
    """The names of the lock's groups."""
    return [group.name for group in _groups(root)]


def sites(root: str) -> list[str]:
    """The recorded sites."""
    return [site for group in _groups(root) for site in group.sites]


def targets(root: str, before: Sequence[str], typed: str) -> list[str]:
    """`GROUP==VERSION` for each group, and bare versions where the lock has one group, the newest first.

    `before` are the words in front of `typed`. Bash cuts words at `=`: what it hands over as a word of its own behind
    `==` is completed as a version.
    """
    known = _groups(root)
    words = [*before, typed]
    cut = next((index for index in (-1, -2) if len(words) >= -index and words[index] in ("=", "==")), None)
    if cut is not None:
        named = words[cut - 1] if len(words) > -cut else ""
        versions = [version for group in known if group.name == named for version in _versions(root, group)]
        return _beginning("" if cut == -1 else typed, versions)
    offered = [f"{group.name}=={version}" for group in known for version in _versions(root, group)]
    if len(known) == 1:
        offered = [*_versions(root, known[0]), *offered]
    return _beginning(typed, offered)


def _beginning(typed: str, offered: list[str]) -> list[str]:
    return [text for text in offered if text.startswith(typed)]


def _groups(root: str) -> tuple[Group, ...]:
    try:
        source = files.read_optional(root, LOCK_NAME)
        return load(source.data).groups if source is not None else ()
    except FiBumpError:
        return ()


def _versions(root: str, group: Group) -> list[str]:
    """The newest versions that every member has by what is kept of their indexes' answers, and the locked one."""
    try:
        known = _kept(root, group)
    except (FiBumpError, OSError, ValueError):
        known = []
    return [*[version for version in known if version != group.version], group.version][: _NEWEST + 1]


def _kept(root: str, group: Group) -> list[str]:
    from fi_bump.index import configuration
    from fi_bump.index.cache import Cache, default_folder
    from fi_bump.index.client import Client
    from fi_bump.index.http import CachedHttp
    from fi_bump.releases.known import Known, Terms, targets

    indexes = configuration.find((), root)
    known = Known(Client(CachedHttp(Cache(default_folder()))), indexes.urls, Lock((group,)), targets(root), Terms())
    usable = [set(known.usable(member.name)) for member in group.packages]
    common = set.intersection(*[versions for versions in usable if versions]) if any(usable) else set()
    newest = sorted((version for version in common if not version.is_prerelease), reverse=True)
    return [str(version) for version in newest[:_NEWEST]]
