"""Versions in commands that only a person can update: URLs of wheels, one-liners, tables with checksums."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import islice, pairwise

from fi_bump.formats.shared.pieces import Text
from fi_bump.formats.shared.spelled import versioned_names
from fi_bump.formats.shared.subjects import image_names
from fi_bump.formats.shell_images import image_name, images, is_image
from fi_bump.formats.shell_values import ShellValues
from fi_bump.grammar import (
    LOCAL,
    VERSION,
    LazyPattern,
    canonical_name,
    compiled,
    has_any,
    longest_first,
    name_pattern,
    one_of,
    variable_of,
)
from fi_bump.pins import BY_HAND, IMAGE, Mark, Span, Wanted

_ONE_LINER = f"compared in a one-liner: {BY_HAND}"
_IMAGE = "part of an image tag: publish the new image first"
# A version with a dot that is not part of a longer word.
_VERSION = rb"v?(?=[0-9!]+\.)(?P<version>" + VERSION + rb")(?![\w.+*-])"
_STATEMENT = LazyPattern(rb"(?:[^;\n&|]|&(?!&)|\|(?!\|))+")
_LITERAL = LazyPattern(
    # A comparison, or an assignment in Python's style: a shell's assignment has no blanks.
    rb"(?P<compared>[=!]=|(?<=[ \t])=(?=[ \t]))[ \t]{0,9}(?:[\w.]{1,40}\()?\\{0,3}[\"']?" + _VERSION + rb"|"
    rb"(?P<starts>\.startswith\()[ \t]{0,9}\\{0,3}[\"']" + _VERSION.replace(b"version", b"start") + rb"|"
    rb"(?P<searched>\bgrep\b[^\n]{0,60}?(?<![\w.\\]))" + _VERSION.replace(b"version", b"line"),
    re.IGNORECASE,
)
# Whatever `_LITERAL` matches contains the first, and whatever the patterns of arguments match the second; these are
# compiled in a tenth of the time.
_COMPARED = LazyPattern(rb"(?:[=!]=|[ \t]=[ \t]|startswith\(|grep)[^\n]{0,64}?[0-9!]+\.[0-9a-dpr]", re.IGNORECASE)
_ARGUMENT = LazyPattern(rb"[ \t\"']v?[0-9!]+\.[0-9a-dpr]", re.IGNORECASE)
# A call with at least two versions, where the name of the call or a text before them names what the first one is of; a
# list of versions after `in`; and a script whose words are a name and a version, or at least two versions.
_QUOTED = rb"\\{0,3}[\"']"
_LISTED = _QUOTED + _VERSION + _QUOTED
_CALL = LazyPattern(
    rb"(?<![\w.])[\w.]{1,60}\([ \t]{0,9}(?:"
    + _QUOTED
    + rb"[\w.-]{1,60}"
    + _QUOTED
    + rb"[ \t]{0,9},[ \t]{0,9})?"
    + _LISTED
    + rb"[ \t]{0,9},[ \t]{0,9}"
    + _QUOTED
    + rb"v?[0-9]+\.[0-9]",
    re.IGNORECASE,
)
_MEMBERSHIP = LazyPattern(
    rb"[\w.]{1,60}(?:\([^()\n]{0,60}\))?[ \t]{1,9}(?:not[ \t]+)?in[ \t]{0,9}[\[({][ \t]{0,9}" + _LISTED, re.IGNORECASE
)
_SCRIPT = LazyPattern(
    rb"(?<![\w./-])(?:(?:python|bash|sh)[\w.]{0,9}[ \t]+(?!-)[\w./-]{1,120}|\.{0,2}/[\w./-]{1,120})"
    rb"(?:[ \t]+[\"']?[A-Za-z][\w-]{1,60}[\"']?)?[ \t]+[\"']?" + _VERSION + rb"[\"']?(?=[ \t]+[\"']?[\w-])",
    re.IGNORECASE,
)
# Whatever each of the three matches contains this, which is compiled and found sooner; for a script it is the blank
# before the version.
_CALLED = LazyPattern(rb"\([ \t]{0,9}\\{0,3}[\"']")
_LISTS = LazyPattern(rb"in[ \t]{0,9}[\[({][ \t]{0,9}\\{0,3}[\"']", re.IGNORECASE)
_FOLLOWED = LazyPattern(rb"[ \t](?=[\"']?v?[0-9!]+\.[^ \t\n]*[ \t]+[\"']?[\w-])", re.IGNORECASE)
# Before the version that follows a script, how much of the text is read for the script.
_SCRIPT_REACH = 400
_INTERPRETERS = (b"python", b"sh")
_NAME = LazyPattern(rb"[A-Za-z_]\w{0,60}\Z")
_FAR, _NEAR = 2000, 200
_OPERAND = LazyPattern(rb"[\w.$\[\]-]+[ \t]*\Z")
_LONGEST_OPERAND = 120
# The variables that a value is made of: `= found[0]`, `in found.items()`, `in map(version, found)`.
_MADE_OF = LazyPattern(rb"(?<![\w.\"'])(?!(?:for|in|if|not|and|or)\b)[A-Za-z_]\w{0,60}(?!\w|[ \t]*[\"'(])")
_DEEPEST, _MOST = 2, 3
# A requirement up to its operator, where it has extras.
_EXTRAS = LazyPattern(rb"(?<![\w.$-])[A-Za-z][\w.-]*\\?\[[A-Za-z][\w., -]*\\?\]\Z")
# Names that do not say what they are the version of; the text around them does.
_GENERAL = LazyPattern(
    rb"(?:expected|wanted|want|required|pinned|exact|installed|actual|found|got|current|v|ver)(?:_version)?\Z",
    re.IGNORECASE,
)
_NEIGHBOURS = 3
_MONTH = LazyPattern(rb"[0-9]{2}\.(?:0[1-9]|1[0-2])\Z")
# A URL includes the braces of its own references; in `${X:-https://…}` the last brace is not part of it.
_CHARACTER = rb"(?:\$?\{\{?[^{}\n]{0,200}\}?\}|[^\s\"'`;|&()<>\\{}])"
# A URL, or the file name of a wheel or archive.
_ADDRESS = LazyPattern(
    rb"https?://" + _CHARACTER + rb"+|(?:(?<![\w.+/%~:@-])|(?<=:-))[\w.+!/%~-]{1,300}\.(?:whl|tar\.gz|zip)(?![\w.+/%-])"
)
# Whatever `_ADDRESS` matches is a URL, or contains one of these; a search for URLs alone jumps from one to the next.
_FILES = (b".whl", b".tar.gz", b".zip")
_URL = LazyPattern(rb"https?://" + _CHARACTER + rb"+")
# A `case "$X" in` up to its `esac` or the next `case`, and an array `X=([0.6.1]=…)`.
_HEAD = LazyPattern(rb"\bcase[ \t]+(?P<word>\S+)[ \t]+in\b|\besac\b")
_ARRAY = LazyPattern(rb"(?<!\w)(?P<name>\w+)=\((?P<rows>[^()]*)\)")
_DIGEST = rb"[0-9a-f]{32,128}(?![0-9a-z])"
_ARM = LazyPattern(rb"(?:^|[\s;|(])[\"']?" + _VERSION + rb"[\"']?[ \t]*(?=[|)])", re.IGNORECASE | re.MULTILINE)
_ROW = LazyPattern(rb"\[[\"']?" + _VERSION + rb"[\"']?\]=[\"']?(?:sha256[-:])?" + _DIGEST, re.IGNORECASE)
_CHECKSUM = LazyPattern(rb"(?<![0-9A-Za-z])" + _DIGEST, re.IGNORECASE)


# A line of sha256sum output: a digest and its file.
_SUM = LazyPattern(
    rb"(?<![0-9A-Za-z])(?P<digest>[0-9a-f]{64,128})[ \t]+\*?(?:[^\s\"'`;|&()<>]{0,300}/)?"
    rb"(?P<file>[\w.+!%-]{1,300}\.(?:whl|tar\.gz|zip))",
    re.IGNORECASE,
)
# The checksum that BuildKit compares an added file with: `ADD --checksum=sha256:… URL /src/`.
_ADD_CHECKSUM = LazyPattern(rb"--checksum=[\"']?(?P<digest>[^\s\"']+)")


@lru_cache(maxsize=64)
def _names(wanted: Wanted) -> re.Pattern[bytes]:
    """Return the pattern for the names of packages (also as modules), variables and repositories."""
    names = [name_pattern(name) for name in sorted(wanted.packages)]
    names += [one_of(wanted.variables)] if wanted.variables else []
    names += [re.escape(name.rpartition("/")[2].encode("ascii")) for name in sorted(wanted.repositories)]
    # The longest name comes first. KIT_CUDA_VERSION and kit-extras are other things.
    alternatives = b"|".join([name for _, name in sorted([(-len(name), name) for name in set(names)])])
    return compiled(alternatives, rb"(?<![A-Za-z0-9])(?<![A-Za-z0-9]-)(?:" + alternatives + rb")(?!\w|-[A-Za-z0-9])")


# Whatever `_pairs` matches contains one of these.
_PAIRED = (b'":', b'",', b"':", b"',")


@lru_cache(maxsize=64)
def _pairs(wanted: Wanted) -> re.Pattern[bytes]:
    """Return the pattern for `"kit": "V"` and `check("kit", "V")`: a version beside a quoted package or variable."""
    names = [name_pattern(name) for name in longest_first(wanted.packages)]
    names += [one_of(wanted.variables)] if wanted.variables else []
    quote = rb"\\{0,3}[\"']"
    alternatives = b"|".join(names)
    return compiled(
        alternatives,
        quote
        + rb"(?P<name>"
        + alternatives
        + rb")"
        + quote
        + rb"[:,]\s{0,40}"
        + quote
        + rb"v?(?=[0-9!]+\.)(?P<version>"
        + VERSION
        + rb")(?:"
        + LOCAL
        + rb")?"
        + quote,
    )


def has_script(data: bytes) -> bool:
    """Whether `_SCRIPT` may match: a path, or the name of an interpreter, is among the words before a version."""
    for blank in _FOLLOWED.finditer(data):
        begin = max(blank.start() - _SCRIPT_REACH, 0)
        words = data[begin : blank.start()].lower().rsplit(None, 3)
        if begin and len(words) < 4:
            return True  # The blanks between the words are longer than the part that was read.
        # The script is right before the version, or one word further; its interpreter is before it.
        near = words[-3:]
        if any(b"/" in word for word in near[-2:]) or any(has_any(word, _INTERPRETERS) for word in near):
            return True
    return False


# The patterns of arguments, each with a cheaper test of whether it may match.
_ARGUMENTS: tuple[tuple[LazyPattern, Callable[[bytes], object]], ...] = (
    (_CALL, _CALLED.search),
    (_MEMBERSHIP, _LISTS.search),
    (_SCRIPT, has_script),
)


class ReportReader:
    """Reads texts of one file for URLs, and for versions that are reported and never moved."""

    def __init__(self, values: ShellValues, wanted: Wanted) -> None:
        self._values = values
        self._wanted = wanted

    def addresses(self, text: Text, prefix: str, known: Mapping[bytes, tuple[Span, ...]]) -> None:
        """Judge the URLs of wanted wheels and archives: pins if the whole URL can move.

        A file name moves together with the URL from which the file was downloaded. `known` has checksums of files
        beside those in the text.
        """
        summed = dict(known)
        is_file = has_any(text.data, _FILES)
        if not is_file and text.data.find(b"://") < 0:
            return
        for match in _SUM.finditer(text.data) if _CHECKSUM.search(text.data) else ():
            summed[match["file"]] = (*summed.get(match["file"], ()), text.span(*match.span("digest")))
        for match in (_ADDRESS if is_file else _URL).finditer(text.data):
            file = match[0].rpartition(b"/")[2].replace(b"%2B", b"+")
            checked = _ADD_CHECKSUM.search(text.data, 0, match.start()) if prefix == "ADD " else None
            beside = {file: (text.span(*checked.span("digest")),)} if checked else summed
            self._values.address(text, *match.span(), self._wanted, prefix, beside)

    def images(self, text: Text) -> None:
        """Report images whose tags contain a version: `org/engine:cu130-flashinfer-0.6.1`."""
        if not versioned_names(self._wanted).is_in_text(text.data.lower()):
            return
        for match in images(self._wanted).finditer(text.data):
            if is_image(text.data, match):
                self.image(text, match)

    def image(self, text: Text, match: re.Match[bytes]) -> None:
        """Report the version in an image reference; `match` comes from `images`."""
        if _MONTH.match(match["version"]):
            return  # A release of the image itself, as NVIDIA names its own: `nvcr.io/nvidia/pytorch:26.06-py3`.
        subject = image_names(self._wanted)[match["name"].decode("ascii").lower()]
        start, end = match.span("version")
        name = image_name(text.data, start, end)
        movable = name is not None and text.is_whole(self._values.gathered.source, start, end)
        reason = f"{_IMAGE}, then {BY_HAND}" if movable else _IMAGE
        anchor = f"{IMAGE}{name}" if movable else None
        self._values.unpinned(text, start, end, subject, reason, Mark.IMAGE_TAG, anchor)

    def one_liners(self, text: Text) -> None:
        """Report comparisons, which a bump must not miss: `kit.__version__ == "V"`, `.startswith("V")`, `grep V`."""
        for match in _pairs(self._wanted).finditer(text.data) if has_any(text.data, _PAIRED) else ():
            subject = self._named(text, *match.span("name"))
            if subject:
                self._values.unpinned(text, *match.span("version"), subject, _ONE_LINER, Mark.EXACT_GATE)
        self._arguments(text)
        some = _COMPARED.search(text.data) and _LITERAL.search(text.data)
        statements = [match.span() for match in _STATEMENT.finditer(text.data)] if some else []
        for index, (start, end) in enumerate(statements):
            before = start
            for match in _LITERAL.finditer(text.data, start, end):
                subject = self._operand(text, before, match)
                if subject == "":
                    first, last = max(index - _NEIGHBOURS, 0), min(index + _NEIGHBOURS, len(statements) - 1)
                    subject = self._named(text, statements[first][0], statements[last][1])
                if subject:
                    where = match.span("version" if match["compared"] else "start" if match["starts"] else "line")
                    self._values.unpinned(text, *where, subject, _ONE_LINER, Mark.EXACT_GATE)
                before = match.end()

    def _operand(self, text: Text, start: int, match: re.Match[bytes]) -> str | None:
        """Return the subject that a literal is compared with; empty if its neighbours name it, None without one."""
        begin = max(start, match.start() - _LONGEST_OPERAND)
        if _EXTRAS.search(text.data, begin, match.start()) and text.data[match.end("compared") :][:1] not in b" \t\"'":
            return None  # `vllm[flashinfer]==V` is a requirement of vllm.
        if match["searched"]:
            return self._named(text, begin, match.end())
        operand = _OPERAND.search(text.data, begin, match.start())
        if operand is None:
            return self._named(text, begin, match.start())
        if _GENERAL.match(operand[0].rstrip()):
            return ""
        return self._named(text, *operand.span()) or self._assigned(text, operand[0].strip(), match.start())

    def _assigned(self, text: Text, name: bytes, end: int, depth: int = 0) -> str | None:
        """Return the subject that the last value assigned to a name before `end` names, or None.

        A loop is an assignment too, also one after `end`: `v != "V" for k, v in found.items()`. What a value does not
        name, the variable that it is made of may.
        """
        if not _NAME.match(name):
            return None
        window = max(end - _FAR, 0)
        assigned = rb"(?<![\w.])" + name + rb"[ \t]*=(?!=)[^;\n]*"
        found = [match.span() for match in re.compile(assigned).finditer(text.data, window, end)]
        if not found:
            loop = rb"\bfor[ \t(]+(?:\w+[ \t]*,[ \t]*)*" + name + rb"(?:[ \t]*,[ \t]*\w+)*[ \t)]+in\b[^;\n]*"
            found = [match.span() for match in re.compile(loop).finditer(text.data, window, end + _NEAR)]
        if not found:
            return None
        start, stop = found[-1]
        subject = self._named(text, start, stop)
        if subject is None and depth < _DEEPEST:
            made = islice(_MADE_OF.finditer(text.data, start + len(name), stop), _MOST)
            subjects = (self._assigned(text, match[0], start, depth + 1) for match in made if match[0] != name)
            subject = next(filter(None, subjects), None)
        return subject

    def _arguments(self, text: Text) -> None:
        """Report versions in order in a call (`check_kit("V", "W")`), in a list (`in ("V", "W")`) and of a script."""
        some = _ARGUMENT.search(text.data) is not None
        for pattern, is_possible in _ARGUMENTS if some else ():
            for match in pattern.finditer(text.data) if is_possible(text.data) else ():
                subject = self._named(text, match.start(), match.start("version"))
                if subject:
                    self._values.unpinned(text, *match.span("version"), subject, _ONE_LINER, Mark.EXACT_GATE)

    def _named(self, text: Text, start: int, end: int) -> str | None:
        """Return the subject that `text.data[start:end]` names, or None."""
        match = _names(self._wanted).search(text.data, start, end)
        if match is None:
            return None
        name = match[0].decode("ascii")
        package, variable = canonical_name(name), variable_of(name, self._wanted.variables)
        if package in self._wanted.packages or variable is not None:
            return variable or package
        return next(each for each in sorted(self._wanted.repositories) if each.endswith(f"/{name.lower()}"))

    def tables(self, text: Text) -> None:
        """Report `case` arms and array entries that map versions to checksums, one report per table."""
        heads = list(_HEAD.finditer(text.data)) if b"case" in text.data else []
        for head, end in pairwise(heads):
            subject = self._named(text, *head.span("word")) if head["word"] else None
            arms = list(_ARM.finditer(text.data, head.end(), end.start())) if subject else []
            if subject and arms and _CHECKSUM.search(text.data, arms[0].end(), end.start()):
                self._values.gathered.table([text.span(*arm.span("version")) for arm in arms], subject)
        for array in _ARRAY.finditer(text.data) if b"=(" in text.data else ():
            subject = self._stem(array["name"].decode("ascii"))
            rows = list(_ROW.finditer(text.data, *array.span("rows"))) if subject else []
            if subject and rows:
                self._values.gathered.table([text.span(*row.span("version")) for row in rows], subject)

    def _stem(self, name: str) -> str | None:
        """Return the wanted variable that shares its first words with `name`: KIT_VERSION for KIT_SHA256."""
        variables = sorted(self._wanted.variables, key=lambda variable: (variable.endswith("_VERSION"), variable))
        stems = {variable.rpartition("_")[0]: variable for variable in variables}
        return next((stems[stem] for stem in sorted(stems) if stem and f"_{name.upper()}".find(f"_{stem}_") >= 0), None)
