"""Which release of a wanted repository the commands clone, check out or install."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial

from fi_bump.formats.shared.gathered import is_release
from fi_bump.formats.shared.pieces import Text
from fi_bump.formats.shared.searches import Searched
from fi_bump.formats.shell_folder import BESIDE, NOWHERE, OUTSIDE, Folder, entered, folder_name
from fi_bump.formats.shell_git_options import (
    CHECKOUT_VALUES,
    CLONE_VALUES,
    FETCH_VALUES,
    GIT_VALUES,
    REMOTE_VALUES,
    RESET_VALUES,
)
from fi_bump.formats.shell_values import ShellValues
from fi_bump.grammar import LazyPattern, LazyTextPattern, canonical_repository, has_any, names_any
from fi_bump.pins import Kind
from fi_bump.records import NamedTuple

# A variable that is set to a URL: `REPO=https://…`, `: "${REPO:=https://…}"`, `REPO="${1:-https://…}"`.
_NAMED = (
    rb"(?<![\w$])(?P<name>\w+):?[-=]\\?[\"']?(?:\$\{\w+:?[-=])?"
    rb"(?P<url>(?:https?://|ssh://|git://|git@)[^\s\"'`;|&()<>}\\]+)"
)
_ADDRESS_NAME = LazyPattern(_NAMED)
_COMMAND = LazyPattern(
    rb"(?<![\w.@:-])(?:(?P<git>git)(?=[\s\"',])|(?:cd|pushd|popd)(?![\w.@:=/-]))[^;&|\n`]*|" + _NAMED
)
# Whatever `_COMMAND` matches contains one of these.
_HINTS = (b"git", b"cd", b"pushd", b"popd", b"://")
_REFERENCE = LazyTextPattern(r"\$(?:(?P<name>\w+)|\{(?P<braced>\w+)(?::?[-=](?P<default>[^}]+))?\})")
_WORD = LazyPattern(rb"[^\s\"',()\[\]\\]+")
_VCS = LazyPattern(rb"git\+(?P<url>\w+://(?:[^\s\"'@/]+@)?[^\s\"'@#;,()\\]+)(?:@(?P<ref>[^\s\"'#&;,()\\]+))?")
_ADDED = LazyPattern(rb"(?P<url>(?:\w+://|git@)[^\s\"'#,?]+)#(?P<ref>[^\s\"',:]*)")
# Names of the current commit: checking it out selects no release.
_CURRENT = LazyTextPattern(r"(?:ORIG_)?HEAD(?:[~^@].*)?\Z|@\Z")
_BRANCH = LazyTextPattern(r"(?:--branch|--revision)(?:=|\Z)|-b")


class _Word(NamedTuple):
    text: str
    start: int
    end: int


class _Clone(NamedTuple):
    """The last clone, if it was of a wanted repository: the span of its URL, and its directory ('' if unknown).

    `pinned` is whether a later command selected a release, `fetched` whether FETCH_HEAD is one.
    """

    subject: str
    directory: str
    text: Text
    start: int
    end: int
    pinned: bool
    fetched: bool = False


class GitReader:
    """Follows clones and checkouts through a file.

    A checkout belongs to the clone before it, unless a `cd`, `git -C` or WORKDIR in between says that it happens in
    another directory. `_folder` is where the next command runs.

    Most files name no wanted repository: what comes before the first text that does is kept, and read only then.
    """

    def __init__(self, values: ShellValues, repositories: frozenset[str]) -> None:
        self._values = values
        self._repositories = repositories
        self._paths = tuple(name.partition("/")[2].encode("ascii") for name in repositories)
        # What was to be done before the first text with a wanted repository; None from that text on.
        self._kept: list[Callable[[], None]] | None = []
        self._prefix = ""
        self._names: dict[str, str] = {}
        self._clone: _Clone | None = None
        self._workdir = self._folder = NOWHERE
        self._pushed: list[Folder] = []
        # The variables that name the folders of other repositories' clones, as `$X`.
        self._elsewhere: set[str] = set()

    @property
    def waiting(self) -> bool:
        """Whether there is a clone of a wanted repository whose checkout may still follow."""
        return self._clone is not None

    def run(self, texts: tuple[Text, ...], prefix: str = "", *, resumed: bool = False) -> None:
        """Read the commands of one RUN or script, which starts in the WORKDIR; `prefix` begins the anchors.

        With `resumed`, the texts continue where the last ones stopped, as the commands of one YAML list do.
        """
        self._when_wanted(partial(self._run, texts, prefix, resumed=resumed), *(text.data for text in texts))

    def run_searched(self, texts: Iterable[Searched], prefix: str = "") -> None:
        """Read the commands of one RUN or script without their searches, as `run` does."""
        every = tuple(texts)

        def run() -> None:
            self._run(tuple([each.text for each in every]), prefix, resumed=False)

        self._when_wanted(run, *(each.whole.data for each in every))

    def _when_wanted(self, do: Callable[[], None], *read: bytes) -> None:
        """Do something now if what it reads, or anything read before, has a wanted repository; else keep it."""
        if self._kept is not None:
            self._kept.append(do)
            if any(names_any(data, self._paths) for data in read):
                kept, self._kept = self._kept, None
                for each in kept:
                    each()
        else:
            do()

    def _run(self, texts: tuple[Text, ...], prefix: str, *, resumed: bool) -> None:
        if not resumed:
            self._folder = self._workdir
            self._pushed = []
        self._prefix = prefix
        some = [text for text in texts if has_any(text.data, _HINTS)]
        commands = [(text, command) for text in some for command in _COMMAND.finditer(text.data)]
        for _, command in commands:
            if command["name"]:
                self._add_name(command["name"], command["url"])
        for text, command in commands:
            if command["git"] and b"clone" in command[0]:
                self._foreign(_words(text, command)[1:])
        for text, command in commands:
            if command["name"]:
                self._add_name(command["name"], command["url"])
            elif command["git"]:
                self._git(text, _words(text, command)[1:])
            else:
                self._moved(_words(text, command))

    def _foreign(self, words: list[_Word]) -> None:
        """Record the variable that names the folder of another repository's clone, which may come later in a script.

        `if [ -d "$ENGINE" ]; then cd "$ENGINE"; git checkout …; else git clone URL "$ENGINE"; fi`.
        """
        at = next((index for index, word in enumerate(words) if word.text == "clone"), len(words))
        positional, _ = _arguments(words[at + 1 :], CLONE_VALUES)
        if len(positional) > 1 and self._repository(positional[0].text) not in self._repositories:
            name = folder_name(positional[1].text)
            if name.startswith("$"):
                self._elsewhere.add(name)

    def names(self, text: Text) -> None:
        """Record the variables that are set to URLs, in a text that is not a command."""
        self._when_wanted(partial(self._add_names, text), text.data)

    def _add_names(self, text: Text) -> None:
        for match in _ADDRESS_NAME.finditer(text.data):
            self._add_name(match["name"], match["url"])

    def workdir(self, path: str) -> None:
        """Record a WORKDIR, which applies to the following instructions."""
        self._when_wanted(partial(self._go_to, path))

    def _go_to(self, path: str) -> None:
        self._workdir = self._enter(path, self._workdir)

    def addresses(self, text: Text, prefix: str) -> None:
        """Judge `git+https://…@vV` requirements; `prefix` begins their anchors."""
        for match in _VCS.finditer(text.data) if b"git+" in text.data else ():
            subject = canonical_repository(match["url"].decode("ascii"))
            if subject not in self._repositories:
                continue
            if match["ref"]:
                where = match.span("ref")
                self._values.value(text, *where, f"{prefix}git+{subject}", Kind.GIT_REF, subject)
            else:
                self._values.unpinned(text, *match.span("url"), subject, "installed without a release")

    def add(self, text: Text, start: int) -> None:
        """Judge `ADD https://…/name.git#vV`."""
        for match in _ADDED.finditer(text.data, start):
            subject = canonical_repository(match["url"].decode("ascii"))
            if subject in self._repositories:
                self._values.value(text, *match.span("ref"), f"ADD {subject}", Kind.GIT_REF, subject)

    def finish(self) -> None:
        """End the last clone, and report it if no command selected a release."""
        clone = self._clone
        if clone and not clone.pinned:
            self._values.unpinned(clone.text, clone.start, clone.end, clone.subject, "cloned without a release")
        self._clone = None

    def name(self, name: bytes, address: bytes) -> None:
        """Record the URL that a variable is set to."""
        self._when_wanted(partial(self._add_name, name, address), address)

    def _add_name(self, name: bytes, address: bytes) -> None:
        self._names[name.decode("ascii")] = address.decode("ascii")

    def _repository(self, word: str) -> str:
        """Return the repository that a URL names, or the URL of a variable reference."""
        reference = _REFERENCE.match(word)
        if reference and reference.end() == len(word):
            name = reference["name"] or reference["braced"]
            word = self._names.get(name, reference["default"] or "")
        return canonical_repository(word)

    def _enter(self, path: str, before: Folder) -> Folder:
        clone = self._clone.directory if self._clone else ""
        folder = entered(path, before, clone)
        return folder._replace(position=OUTSIDE) if folder.name in self._elsewhere - {clone} else folder

    def _moved(self, words: list[_Word]) -> None:
        """Follow `cd PATH`, `pushd PATH` and `popd`."""
        command = words[0].text
        if command == "popd":
            self._folder = self._pushed.pop() if self._pushed else NOWHERE
            return
        path = next((word.text for word in words[1:] if word.text == "-" or not word.text.startswith("-")), None)
        if path is None:  # `cd` goes home; `pushd` exchanges two folders
            path = "~" if command == "cd" else "-"
        if command == "pushd":
            # A script that names the folders it goes to is beside the clone when it comes back.
            left = self._folder
            self._pushed.append(left._replace(position=OUTSIDE) if left.position == BESIDE else left)
        self._folder = self._enter(path, self._folder)

    def _git(self, text: Text, words: list[_Word]) -> None:
        folder = self._folder
        index = 0
        while index < len(words) and words[index].text.startswith("-"):
            option, equals, value = words[index].text.partition("=")
            if option in GIT_VALUES and not equals:
                index += 1
                value = words[index].text if index < len(words) else ""
            if option == "-C":
                folder = self._enter(value, folder)
            elif option == "--git-dir":
                folder = self._enter(value.removesuffix(".git"), folder)
            index += 1
        command = words[index].text if index < len(words) else ""
        rest = words[index + 1 :]
        if command == "clone":
            self._cloned(text, rest, folder)
        elif command == "remote" and rest and rest[0].text in ("add", "set-url"):
            self._remote(text, rest[1:], folder)
        elif folder.position != OUTSIDE:
            match command:
                case "checkout" | "switch":
                    self._selected(text, rest, "checkout", CHECKOUT_VALUES)
                case "reset":
                    self._selected(text, rest, "reset", RESET_VALUES)
                case "fetch" | "pull":
                    self._fetched(text, rest)

    def _cloned(self, text: Text, words: list[_Word], folder: Folder) -> None:
        self.finish()
        positional, ref = _arguments(words, CLONE_VALUES)
        inside = [word.text for word in positional[1:]] in (["."], ["./"])
        self._start(folder if inside else None)
        if not positional:
            return
        address = positional[0]
        subject = self._repository(address.text)
        if subject not in self._repositories:
            return
        target = positional[1].text if len(positional) > 1 else subject
        directory = folder.name if inside else folder_name(target)
        self._clone = _Clone(
            subject=subject,
            directory=directory,
            text=text,
            start=address.start,
            end=address.end,
            pinned=ref is not None,
        )
        if ref is not None:
            self._values.value(text, ref.start, ref.end, f"{self._prefix}git clone {subject}", Kind.GIT_REF, subject)

    def _remote(self, text: Text, words: list[_Word], folder: Folder) -> None:
        """Start a clone at `git remote add origin URL`: later fetches and checkouts are of that repository."""
        positional, _ = _arguments(words, REMOTE_VALUES, branch=False)
        subject = self._repository(positional[1].text) if len(positional) > 1 else ""
        if subject in self._repositories:
            self.finish()
            address = positional[1]
            self._start(folder)
            self._clone = _Clone(subject, folder.name, text, address.start, address.end, pinned=True)

    def _start(self, made_in: Folder | None = None) -> None:
        """Count positions from a new clone, whose top is the folder that it was `made_in`, or else a new folder."""
        here, workdir = (0 if each == made_in else BESIDE for each in (self._folder, self._workdir))
        self._folder = self._folder._replace(position=here)
        self._workdir = self._workdir._replace(position=workdir)
        self._pushed = [each._replace(position=OUTSIDE) for each in self._pushed]

    def _fetched(self, text: Text, words: list[_Word]) -> None:
        """Judge `git fetch origin tag vV` and `git fetch origin refs/tags/vV:refs/tags/vV`; a branch selects none."""
        positional, _ = _arguments(words, FETCH_VALUES, branch=False)
        clone = self._clone
        if clone is None:
            return
        for word in positional[1:]:
            start = word.start
            for part in word.text.split(":"):
                begin = start + len(part) - len(part.lstrip("+"))
                start += len(part) + 1
                if is_release(part.lstrip("+")):
                    self._clone = clone._replace(pinned=True, fetched=True)
                    anchor = f"{self._prefix}git fetch {clone.subject}"
                    self._values.value(text, begin, start - 1, anchor, Kind.GIT_REF, clone.subject)

    def _selected(self, text: Text, words: list[_Word], command: str, with_value: frozenset[str]) -> None:
        """Judge `git checkout vV`, `git switch --detach vV`, `git reset --hard vV`."""
        positional, _ = _arguments(words, with_value, branch=False)
        clone = self._clone
        if clone is None or not positional or positional[0].text.startswith("."):
            return
        ref = positional[0]
        if _CURRENT.match(ref.text) or (ref.text == "FETCH_HEAD" and clone.fetched):
            return
        self._clone = clone._replace(pinned=True)
        anchor = f"{self._prefix}git {command} {clone.subject}"
        self._values.value(text, ref.start, ref.end, anchor, Kind.GIT_REF, clone.subject)


def _words(text: Text, command: re.Match[bytes]) -> list[_Word]:
    """Return the words of a command, without quotes."""
    found = _WORD.finditer(text.data, command.start(), command.end())
    return [_Word(word[0].decode("ascii"), word.start(), word.end()) for word in found]


def _arguments(
    words: list[_Word], with_value: frozenset[str], *, branch: bool = True
) -> tuple[list[_Word], _Word | None]:
    """Return the positional words, and the value of `--branch` at any position."""
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
