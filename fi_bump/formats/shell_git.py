"""Which release of a wanted repository commands clone, check out or install."""

from __future__ import annotations

import re

from fi_bump.formats.shell_text import Text
from fi_bump.formats.shell_values import Gathered
from fi_bump.grammar import LazyPattern, canonical_repository
from fi_bump.pins import Kind
from fi_bump.records import NamedTuple

_COMMAND = LazyPattern(rb"(?<![\w.@:-])(?:(?P<git>git)|cd|pushd)(?=[\s\"',])[^;&|\n`]*")
_WORD = LazyPattern(rb"[^\s\"',()\[\]\\]+")
_VCS = LazyPattern(rb"git\+(?P<url>\w+://(?:[^\s\"'@/]+@)?[^\s\"'@#;,()\\]+)(?:@(?P<ref>[^\s\"'#&;,()\\]+))?")
_ADDED = LazyPattern(rb"(?P<url>(?:\w+://|git@)[^\s\"'#,?]+)#(?P<ref>[^\s\"',:]*)")
_GIT_VALUES = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path"})
_CLONE_VALUES = frozenset(
    {
        *("-o", "--origin", "-u", "--upload-pack", "--reference", "--reference-if-able", "--separate-git-dir"),
        *("-c", "--config", "-j", "--jobs", "--filter", "--template", "--shallow-since", "--shallow-exclude"),
        *("--server-option", "--bundle-uri", "--depth", "--ref-format"),
    }
)
_CHECKOUT_VALUES = frozenset({"-b", "-B", "-c", "-C", "--orphan", "--conflict", "--create", "--force-create"})
_BRANCH = re.compile(r"(?:--branch|--revision)(?:=|\Z)|-b")


class _Word(NamedTuple):
    text: str
    start: int
    end: int


class _Clone(NamedTuple):
    """The last clone, when it was of a wanted repository: its address's place and its directory ('' if unknown)."""

    subject: str
    directory: str
    text: Text
    start: int
    end: int
    pinned: bool


class GitReader:
    """Follows clones and checkouts through a file.

    A checkout belongs to the clone before it, unless a `cd`, `git -C` or WORKDIR since then says that it happens in
    another directory. `_inside` is that knowledge: True, False, or None for not known.
    """

    def __init__(self, gathered: Gathered, repositories: frozenset[str]) -> None:
        self._gathered = gathered
        self._repositories = repositories
        self._clone: _Clone | None = None
        self._workdir: bool | None = None
        self._inside: bool | None = None

    def run(self, texts: tuple[Text, ...]) -> None:
        """Read the commands of one RUN, which starts in the WORKDIR."""
        self._inside = self._workdir
        for text in texts:
            for command in _COMMAND.finditer(text.data):
                words = [
                    _Word(word[0].decode("ascii"), word.start(), word.end())
                    for word in _WORD.finditer(text.data, command.start(), command.end())
                ][1:]
                if command["git"]:
                    self._git(text, words)
                elif words:
                    self._inside = self._enter(words[0].text, self._inside)

    def workdir(self, path: str) -> None:
        """Note a WORKDIR; it holds for the following instructions."""
        self._workdir = self._enter(path, self._workdir)

    def addresses(self, text: Text, prefix: str) -> None:
        """Find `git+https://…@vV` requirements; `prefix` begins their anchors."""
        for match in _VCS.finditer(text.data):
            subject = canonical_repository(match["url"].decode("ascii"))
            if subject not in self._repositories:
                continue
            if match["ref"]:
                where = match.span("ref")
                self._gathered.value(text, *where, f"{prefix}git+{subject}", Kind.GIT_REF, subject)
            else:
                self._gathered.unpinned(text, *match.span("url"), subject, "installed without a release")

    def add(self, text: Text, start: int) -> None:
        """Find `ADD https://…/name.git#vV`."""
        for match in _ADDED.finditer(text.data, start):
            subject = canonical_repository(match["url"].decode("ascii"))
            if subject in self._repositories:
                self._gathered.value(text, *match.span("ref"), f"ADD {subject}", Kind.GIT_REF, subject)

    def finish(self) -> None:
        """Close the last clone: report it when nothing said which release."""
        clone = self._clone
        if clone and not clone.pinned:
            self._gathered.unpinned(clone.text, clone.start, clone.end, clone.subject, "cloned without a release")
        self._clone = None

    def _enter(self, path: str, inside: bool | None) -> bool | None:
        clone = self._clone
        parts = path.split("/")
        if clone is None or not clone.directory or "$" in path or ".." in parts or path == "-":
            return None
        if clone.directory in parts:
            return True
        return inside is True and not path.startswith(("/", "~"))

    def _git(self, text: Text, words: list[_Word]) -> None:
        inside = self._inside
        index = 0
        while index < len(words) and words[index].text.startswith("-"):
            if words[index].text == "-C" and index + 1 < len(words):
                inside = self._enter(words[index + 1].text, inside)
            index += 2 if words[index].text in _GIT_VALUES else 1
        command = words[index].text if index < len(words) else ""
        if command == "clone":
            self._cloned(text, words[index + 1 :])
        elif command in ("checkout", "switch") and inside is not False:
            self._checked_out(text, words[index + 1 :])

    def _cloned(self, text: Text, words: list[_Word]) -> None:
        self.finish()
        self._inside = self._workdir = None
        positional, ref = _arguments(words, _CLONE_VALUES)
        if not positional:
            return
        address = positional[0]
        subject = canonical_repository(address.text)
        if subject not in self._repositories:
            return
        target = positional[1].text if len(positional) > 1 else subject
        directory = target.rstrip("/").rpartition("/")[2]
        if "$" in directory or directory in (".", ".."):
            directory = ""
        self._clone = _Clone(subject, directory, text, address.start, address.end, ref is not None)
        if ref is not None:
            self._gathered.value(text, ref.start, ref.end, f"git clone {subject}", Kind.GIT_REF, subject)

    def _checked_out(self, text: Text, words: list[_Word]) -> None:
        positional, _ = _arguments(words, _CHECKOUT_VALUES, branch=False)
        clone = self._clone
        if clone is None or not positional or positional[0].text.startswith("."):
            return
        ref = positional[0]
        self._clone = clone._replace(pinned=True)
        anchor = f"git checkout {clone.subject}"
        self._gathered.value(text, ref.start, ref.end, anchor, Kind.GIT_REF, clone.subject)


def _arguments(
    words: list[_Word], with_value: frozenset[str], *, branch: bool = True
) -> tuple[list[_Word], _Word | None]:
    """The positional words, and the value of `--branch`, wherever it stands."""
    positional = []
    ref = None
    index = 0
    while index < len(words):
        word = words[index]
        index += 1
        option = _BRANCH.match(word.text) if branch else None
        if word.text == "--":
            if not branch:
                break
        elif option and option.end() < len(word.text):
            ref = _Word(word.text[option.end() :], word.start + option.end(), word.end)
        elif option:  # also `--branch='v1'`, where the quote ends the word
            ref = words[index] if index < len(words) else None
            index += 1
        elif word.text in with_value:
            index += 1
        elif not word.text.startswith("-"):
            positional.append(word)
    return positional, ref
