"""Pins in Dockerfiles and Containerfiles: values of ARG, ENV and LABEL, requirements in commands, git releases.

`dockerfile_lines` cuts the file into instructions. Nothing is executed or expanded.
"""

from __future__ import annotations

import re

from fi_bump.formats.dockerfile_lines import Instruction, scan
from fi_bump.formats.shared.gathered import Gathered
from fi_bump.formats.shared.pieces import Text
from fi_bump.formats.shared.searches import Searched
from fi_bump.formats.shared.subjects import image_names
from fi_bump.formats.shell_commands import CommandReader
from fi_bump.formats.shell_images import images
from fi_bump.grammar import LazyPattern, fewest
from fi_bump.pins import Found, Source, Wanted

_ASSIGNMENT = LazyPattern(rb"(?P<name>\w+)=(?P<value>.*)", re.DOTALL)
_LABEL = LazyPattern(rb"[\"']?(?P<name>[\w.-]+)[\"']?=(?P<value>.*)", re.DOTALL)
_LEGACY = LazyPattern(rb"\s*(?P<name>\w+)\s+(?P<value>.*)", re.DOTALL)
_IMAGE = LazyPattern(rb"\s*(?:--\S+\s+)*(?P<image>\S+)")
_COPIED = LazyPattern(rb"\s*(?:--\S+\s+)*?--from=(?P<image>\S+)")


# Instructions that matter without a wanted name: they clone, check out, change the directory or set a checksum.
_CONTEXT = (b"git", b"cd", b"pushd", b"workdir", b"sha", b"sum=", b"digest", b"hash", b"://")


class _DockerfileFinder:
    """Finds the pins in a Dockerfile, in one pass."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self.wanted = wanted
        self.gathered = Gathered(source)
        self.commands = CommandReader(self.gathered, wanted)
        self.git = self.commands.git

    def instruction(self, instruction: Instruction) -> None:
        match instruction.keyword:
            case "ARG" | "ENV" if self.commands.concerns(instruction.line):
                self.bindings(instruction)
                self.commands.literals(instruction.line, f"{instruction.keyword} ")
                self.commands.reports(instruction.line, f"{instruction.keyword} ", compared=None)
                self.git.names(instruction.line)
            case "ARG" | "ENV":
                self.commands.checksums.read(instruction.line)
                self.git.names(instruction.line)
            case "RUN":
                self.git.run_searched(self.read((instruction.line, *instruction.bodies), "RUN "))
            case "CMD" | "ENTRYPOINT" | "HEALTHCHECK":
                self.read((instruction.line,), f"{instruction.keyword} ")
            case "LABEL":
                self.labels(instruction)
            case "ADD":
                self.git.add(instruction.line, instruction.args)
                self.commands.addresses(instruction.line, "ADD ")
                self.commands.checksums.read(instruction.line)
                self.read(instruction.bodies, "ADD ")
            case "COPY":
                self.image(instruction, _COPIED)
                self.commands.addresses(instruction.line, "COPY ")
                self.read(instruction.bodies, "COPY ")
            case "WORKDIR":
                path = instruction.line.data[instruction.args :].strip(b" \t\"'")
                self.git.workdir(path.decode("ascii"))
                self.commands.units(instruction.line)
            case "FROM":
                self.image(instruction, _IMAGE)
            case _:
                pass

    def read(self, texts: tuple[Text, ...], prefix: str) -> list[Searched]:
        """Read commands for everything except git clones and checkouts. Return them without their searches."""
        searched = list(map(Searched, texts))
        for each in searched:
            if self.commands.concerns(each.whole) and self.commands.concerns(each.compared):
                self.commands.assignments(each.text, prefix)
                self.commands.literals(each.text, prefix)
                self.commands.reports(each.text, prefix, compared=each.compared, steps=True)
            else:
                self.commands.checksums.read_searched(each)
        return searched

    def labels(self, instruction: Instruction) -> None:
        """Judge `LABEL org.example.flashinfer-version="V"`: the key is a variable's name with other separators."""
        for word in instruction.words():
            bound = _LABEL.match(instruction.line.data, word.start(), word.end())
            if bound:
                name = bound["name"].decode("ascii")
                spelled = name.replace("-", "_").replace(".", "_")
                self.commands.named(instruction.line, spelled, *bound.span("value"), f"LABEL {name}")

    def bindings(self, instruction: Instruction) -> None:
        """Judge `ARG X=V Y=V`, `ENV X=V Y=V` and the old form `ENV X V`; a bare `ARG X` sets nothing."""
        text = instruction.line
        prefix = f"{instruction.keyword} "
        words = list(instruction.words())
        if instruction.keyword == "ENV" and words and b"=" not in words[0][0]:
            legacy = _LEGACY.match(text.data, instruction.args)
            if legacy:
                self.commands.variable(text, legacy["name"], *legacy.span("value"), prefix)
            return
        for word in words:
            if word[0] in (b"'", b'"'):  # Not closed: BuildKit refuses the rest.
                break
            bound = _ASSIGNMENT.match(text.data, word.start(), word.end())
            if bound:
                self.commands.variable(text, bound["name"], *bound.span("value"), prefix)

    def image(self, instruction: Instruction, pattern: LazyPattern) -> None:
        text = instruction.line
        image = pattern.match(text.data, instruction.args)
        if image is None:
            return
        for match in images(self.wanted).finditer(text.data, *image.span("image")):
            self.commands.image(text, match)


def find(source: Source, wanted: Wanted) -> Found:
    """Return every pin, unpinned mention and range of wanted names in a Dockerfile.

    Raises ParseError, with a place, for a heredoc without an end and for an escape directive that BuildKit refuses.
    """
    finder = _DockerfileFinder(source, wanted)
    # An instruction without any of these words sets no wanted variable, names nothing wanted and affects no checkout.
    names = tuple(name.encode("ascii") for name in image_names(wanted))
    for instruction in scan(source, fewest((*finder.commands.words, *names, *_CONTEXT))):
        finder.instruction(instruction)
    finder.git.finish()
    return finder.gathered.found()
