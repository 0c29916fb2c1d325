"""Requirements, assignments and git releases in the texts of a YAML file: commands, list items, block scalars."""

from __future__ import annotations

import re
from functools import lru_cache

from fi_bump.formats.shared.conda_commands import WITH_BUILD
from fi_bump.formats.shared.pieces import Text, joined
from fi_bump.formats.shared.searches import without_searches
from fi_bump.formats.shared.subjects import image_names
from fi_bump.formats.shell_commands import CommandReader
from fi_bump.formats.shell_images import images
from fi_bump.formats.shell_lines import read
from fi_bump.formats.yaml_values import YamlValues
from fi_bump.grammar import VERSION, LazyPattern, canonical_name, compiled, longest_first, name_pattern, one_of
from fi_bump.pins import Kind, Span, Wanted
from fi_bump.records import NamedTuple

_BREAK = LazyPattern(rb"[\r\n]")
# A Markdown fence: no shell command has three backticks.
_FENCE = LazyPattern(rb"^[ \t]*```", re.MULTILINE)


class Patterns(NamedTuple):
    """The patterns of a set of wanted names.

    `words` matches in every text that can contain a wanted name, and, without the group `word`, on comment lines.
    """

    words: re.Pattern[bytes]
    conda: re.Pattern[bytes]
    entry: re.Pattern[bytes]


@lru_cache(maxsize=64)
def patterns(wanted: Wanted) -> Patterns:
    """Return the patterns for the wanted names, compiled once."""
    names = b"|".join(name_pattern(name) for name in longest_first(wanted.packages))
    variables = one_of(wanted.variables)
    keys = [variables.replace(b"_", b"[-_]")] if variables else []
    places = [re.escape(name.partition("/")[2].encode("ascii")) for name in longest_first(wanted.repositories)]
    images = [re.escape(name.encode("ascii")) + rb"(?=[-_.:]v?[0-9])" for name in longest_first(image_names(wanted))]
    repositories = b"|".join(re.escape(name.rpartition("/")[2].encode("ascii")) for name in wanted.repositories)
    named = [rb"name[\"']?[ \t]*[:=][ \t]*[\"']?(?:" + repositories + rb")(?![\w-])"] if repositories else []
    words = b"|".join([*keys, *places, *images, *named, *([names] if names else [])])
    either = re.IGNORECASE | re.MULTILINE
    return Patterns(
        compiled(words, rb"^[ \t]*#[^\n]*|(?<![A-Za-z0-9])(?P<word>" + words + rb")(?![A-Za-z0-9])", either),
        # Conda's spellings: `channel::name=V`, `name V`, `name=V=build`.
        compiled(
            names,
            rb"\s*(?:[\w./-]+::)?(?P<name>"
            + names
            + rb")(?:[ \t]*=[ \t]*(?!=)|[ \t]+(?=[0-9]))(?P<value>"
            + VERSION
            + rb"(?:\.?\*)?)(?P<build>=[\w.*]+)?\s*\Z",
        ),
        # `KEY: VALUE` in a text that is itself YAML, such as a file in a ConfigMap; the value must be a release.
        compiled(
            variables,
            rb"^[ \t]*(?:-[ \t]+)*[\"']?(?P<name>(?:\w*_)?(?:"
            + variables
            + rb"))[\"']?[ \t]*:[ \t]+[\"']?(?P<value>v?(?=[0-9]+[.!])"
            + VERSION
            + rb")[\"']?(?=[ \t]*(?:#|\r?$))",
            either,
        ),
    )


class TextReader:
    """Reads texts one by one; the items of one list are one script, through which clones are followed."""

    def __init__(self, values: YamlValues, wanted: Wanted) -> None:
        self._values = values
        self._masked = values.masked
        self._wanted = wanted
        self._patterns = patterns(wanted)
        self._commands = CommandReader(values.gathered, wanted)
        self._script = -1

    def follows(self, script: int) -> bool:
        """Whether this script has a clone whose checkout may still follow."""
        return self._commands.git.waiting and script == self._script

    def read(self, span: Span, prefix: str, script: int, *, lines: bool) -> None:
        """Read the text at `span`; its line ends count only with `lines` (in a block scalar)."""
        if lines and _FENCE.search(self._masked, *span):
            return  # A document; the commands that it shows to people pin nothing.
        resumed = script == self._script
        if not resumed:
            self.finish()
            self._script = script
        text, heard = without_searches(read(self._masked, span, indented=True) if lines else self._one_line(span))
        self._commands.assignments(text, prefix)
        for match in self._patterns.entry.finditer(text.data):
            self._commands.variable(text, match["name"], *match.span("value"), prefix)
        self._commands.literals(text, prefix)
        self._commands.reports(text, prefix, compared=heard)
        self._commands.git.run((text,), prefix, resumed=resumed)

    def _one_line(self, span: Span) -> Text:
        """Return a text whose line ends YAML folds into blanks."""
        folded = _BREAK.sub(b" ", self._masked[span.start : span.end])
        return read(folded, Span(0, len(folded)), offset=span.start)

    def requirement(self, span: Span, prefix: str, *, listed: bool) -> bool:
        """Judge a text that is exactly one requirement, possibly in conda's spelling; return whether it is one."""
        text = joined(self._masked, [span])
        conda = self._patterns.conda.match(text.data) if listed else None
        if conda is None:
            return self._commands.requirement(text, prefix)
        subject = canonical_name(conda["name"].decode("ascii"))
        start, end = conda.span("value")
        if conda["build"]:
            self._values.unpinned(span.start + start, span.start + conda.end("build"), subject, WITH_BUILD)
        else:
            at = (span.start + start, span.start + end)
            self._values.value(*at, prefix + subject, Kind.REQUIREMENT, subject)
        return True

    def image_tag(self, span: Span) -> None:
        """Report the versions in a tag whose image is the value of another key, as in Helm's values."""
        text = joined(self._masked, [span])
        for match in images(self._wanted).finditer(text.data):
            self._commands.image(text, match)

    def finish(self) -> None:
        """End the last clone, and report it if no command selected a release."""
        self._commands.git.finish()
