"""A whole script, or a script in a part of another format's file: every pin and report of what a shell would read."""

from __future__ import annotations

from fi_bump.formats.shared.gathered import Gathered
from fi_bump.formats.shared.pieces import Text
from fi_bump.formats.shell_commands import CommandReader
from fi_bump.formats.shell_lines import read
from fi_bump.pins import Found, Source, Span, Wanted


class ScriptReader:
    """Reads scripts of one source, in order: a clone in one is known in the next.

    `masked` replaces the source's own masked copy where the format writes something of a shell's in another way.
    """

    def __init__(self, source: Source, wanted: Wanted, masked: bytes | None = None) -> None:
        self._masked = source.masked if masked is None else masked
        self.gathered = Gathered(source)
        self.commands = CommandReader(self.gathered, wanted)

    def script(self, span: Span, prefix: str = "", *, indented: bool = False) -> None:
        """Read the script at `span`; `prefix` begins its anchors, `indented` as `shell_lines.read` has it."""
        self.text(read(self._masked, span, indented=indented), prefix)

    def text(self, text: Text, prefix: str, *, compared: bool = True) -> None:
        """Read commands that are cut already; without `compared` what looks like a comparison is none."""
        if self.commands.concerns(text):
            self.commands.assignments(text, prefix)
            self.commands.literals(text, prefix)
            self.commands.reports(text, prefix, compared=compared)
        self.commands.git.run((text,), prefix)

    def found(self) -> Found:
        """Everything read, in the order of the file."""
        self.commands.git.finish()
        return self.gathered.found()


def find_in_shell(source: Source, wanted: Wanted, spans: list[tuple[Span, str]], *, indented: bool = False) -> Found:
    """What the scripts at `spans`, each with the beginning of its anchors, pin or name of what is wanted."""
    reader = ScriptReader(source, wanted)
    for span, prefix in spans:
        reader.script(span, prefix, indented=indented)
    return reader.found()
