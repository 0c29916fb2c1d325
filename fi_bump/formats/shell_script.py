"""Every pin and report in a script: a whole file, or a part of another format's file."""

from __future__ import annotations

from fi_bump.formats.shared.gathered import Gathered
from fi_bump.formats.shared.pieces import Text
from fi_bump.formats.shared.searches import Searched
from fi_bump.formats.shell_commands import CommandReader
from fi_bump.formats.shell_lines import read
from fi_bump.pins import Found, Source, Span, Wanted


class ScriptReader:
    """Reads the scripts of one file in order, so that a clone in one of them is known in the next.

    `masked` replaces the file's masked copy if the format writes shell syntax in another way, as make does.
    """

    def __init__(self, source: Source, wanted: Wanted, masked: bytes | None = None) -> None:
        self._masked = source.masked if masked is None else masked
        self.gathered = Gathered(source)
        self.commands = CommandReader(self.gathered, wanted)

    def script(self, span: Span, prefix: str = "", *, indented: bool = False, steps: bool = False) -> None:
        """Read the script at `span`. `prefix` begins its anchors; `indented` is explained at `shell_lines.read`.

        With `steps` it continues the script before it, as a line of a recipe does.
        """
        self.text(read(self._masked, span, indented=indented), prefix, steps=steps)

    def text(self, text: Text, prefix: str, *, compared: bool = True, steps: bool = False) -> None:
        """Read commands that are already cut; without `compared`, comparisons are ignored."""
        searched = Searched(text)
        if self.commands.concerns(text) and self.commands.concerns(searched.compared):
            heard = searched.compared if compared else None
            self.commands.assignments(searched.text, prefix)
            self.commands.literals(searched.text, prefix)
            self.commands.reports(searched.text, prefix, compared=heard, steps=steps)
        elif steps:
            self.commands.checksums.read_searched(searched)
        self.commands.git.run_searched([searched], prefix)

    def found(self) -> Found:
        """Return the results, in the order of the file."""
        self.commands.git.finish()
        return self.gathered.found()


def find_in_shell(source: Source, wanted: Wanted, spans: list[tuple[Span, str]], *, indented: bool = False) -> Found:
    """Return the pins and reports of the scripts at `spans`, each a span and the prefix of its anchors."""
    reader = ScriptReader(source, wanted)
    for span, prefix in spans:
        reader.script(span, prefix, indented=indented)
    return reader.found()
