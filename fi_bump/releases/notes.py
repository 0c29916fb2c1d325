"""The release notes between two versions of a group: the headings of the release pages, and the lines about breakage.

The pages are asked with `--release-notes` alone: they are on another host than the package indexes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote

from packaging.version import Version

from fi_bump.errors import PackageIndexError
from fi_bump.index.address import Credentials
from fi_bump.index.client import wheel_for_metadata
from fi_bump.index.credentials import CredentialStore
from fi_bump.index.http import Http
from fi_bump.lock.records import DEFAULT_TAG, Group
from fi_bump.releases.known import Known
from fi_bump.releases.on_the_way import Release
from fi_bump.releases.release_pages import page_of, pages_of
from fi_bump.releases.tags import rules_of, tag_of
from fi_bump.untrusted import printable

# Where the host of the repositories answers programs.
API = "https://api.github.com"
# The newest releases of a group whose pages are asked, all at once.
MOST_RELEASES = 8
MOST_LINES = 20
LONGEST_LINE = 200
# Seconds for one page, and bytes of its answer.
SECONDS = 10.0
LARGEST = 2 << 20

_REPOSITORY = re.compile(r"github\.com/[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*\Z")
_BREAKING = re.compile(r"\b(?:breaking|manual|manually)\b", re.IGNORECASE)
_MARK = re.compile(r"\s*(?:[-*+]|\d+[.)]|>)\s+")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
# The headings that the host writes itself, whatever is below them.
_EMPTY_WORDS = frozenset(["what's changed", "what\u2019s changed", "new contributors", "full changelog"])


class ReleaseNotes(NamedTuple):
    """The notes of one release: the address of its page, and its lines, those about breaking changes first."""

    version: str
    page: str
    lines: tuple[str, ...]


class GroupNotes(NamedTuple):
    """The notes of a group's releases, the newest last; `problem` says what could not be read, and why."""

    group: str
    releases: tuple[ReleaseNotes, ...]
    problem: str | None = None


class _Nobody(CredentialStore):
    """No credentials: the pages are public, and no name or password of the user is theirs."""

    def of(self, url: str, given: Credentials | None) -> Credentials | None:
        """Return None."""
        return None

    def ask_keyring(self, url: str) -> bool:
        """Return False."""
        return False


def release_notes(known: Known, group: Group, releases: Sequence[Release]) -> GroupNotes:
    """Ask the release pages of a group, at most MOST_RELEASES of them, each for SECONDS at most.

    A page that is not there has no lines. If a page cannot be asked, `problem` says so and nothing is raised: no notes
    are no reason against a move.
    """
    repository = _repository(known, group, releases)
    if repository is None:
        message = (
            f"no release notes of {group.name}: no repository of it on github.com is in the lock or in its metadata"
        )
        return GroupNotes(group.name, (), message)
    chosen = sorted(releases, key=lambda each: Version(each.version))[-MOST_RELEASES:]
    user = known.user
    http = Http(known.client.http.cache, total=SECONDS, proxy=user.proxy, trust=user.trust, credentials=_Nobody())

    def ask(release: Release) -> tuple[ReleaseNotes, str | None]:
        tag = tag_of(rules_of(group) or (DEFAULT_TAG,), release.version) or f"v{release.version}"
        page = page_of(repository, tag)
        url = f"{API}/repos/{repository.partition('/')[2]}/releases/tags/{quote(tag, safe='')}"
        try:
            answer = http.get(url, accept="application/vnd.github+json", limit=LARGEST)
            return ReleaseNotes(release.version, page, lines_of(_body(answer.status, answer.body))), None
        except PackageIndexError as error:
            return ReleaseNotes(release.version, page, ()), error.message.replace("the index", "the host")

    answers = known.client.each(ask, chosen)
    reason = next((problem for _, problem in answers if problem is not None), None)
    problem = None if reason is None else f"not all release notes of {group.name} could be read: {printable(reason)}"
    return GroupNotes(group.name, tuple(each for each, _ in answers), problem)


def lines_of(text: str) -> tuple[str, ...]:
    """Return what a reader must see of a release's Markdown: lines with "breaking" or "manual", then the headings.

    Each is one printable line of LONGEST_LINE characters at most, without its marks; there are MOST_LINES at most.
    """
    breaking: list[str] = []
    headings: list[str] = []
    for line in _outside_code(_COMMENT.sub("", text)):
        heading = _HEADING.match(line)
        plain = _plain(line if heading is None else heading[1])
        if _BREAKING.search(plain):
            breaking.append(plain)
        elif heading is not None and plain and plain.lower() not in _EMPTY_WORDS:
            headings.append(plain)
    return tuple(dict.fromkeys([*breaking, *headings]))[:MOST_LINES]


def _outside_code(text: str) -> Iterator[str]:
    """Yield the lines of Markdown that are not inside a fenced block of code."""
    fence = ""
    for line in text.replace("\r", "\n").split("\n"):
        mark = _FENCE.match(line)
        if fence:
            if mark is not None and mark[1].startswith(fence):
                fence = ""
        elif mark is not None:
            fence = mark[1]
        else:
            yield line


def _plain(line: str) -> str:
    """Return a line of Markdown as printable text, without the mark of its item, its emphasis and its addresses."""
    text = _LINK.sub(r"\1", line[: 10 * LONGEST_LINE])
    while mark := _MARK.match(text):
        text = text[mark.end() :]
    text = text.replace("**", "").replace("__", "").replace("`", "").strip()
    return printable(text, LONGEST_LINE)


def _body(status: int, data: bytes) -> str:
    """Return the Markdown in an answer; nothing for a page that is not there, or that is no release."""
    try:
        document = json.loads(data) if status == 200 else {}
    except (ValueError, RecursionError):
        return ""
    body = document.get("body") if isinstance(document, dict) else None
    return body if isinstance(body, str) else ""


def _repository(known: Known, group: Group, releases: Sequence[Release]) -> str | None:
    """Return the repository of a group as `github.com/owner/name`: from the lock, else from its newest metadata."""
    own = pages_of(group)
    if own is not None:
        return own
    newest = max((Version(each.version) for each in releases), default=None)
    for member in group.packages:
        wheel = None if newest is None else wheel_for_metadata(known.files(member.name, newest))
        try:
            pages = known.client.metadata(wheel).pages if wheel is not None else ()
        except PackageIndexError:
            continue
        for page in pages:
            found = _REPOSITORY.match(page.partition("://")[2].removeprefix("www."))
            if found is not None:
                return found[0].removesuffix(".git")
    return None
