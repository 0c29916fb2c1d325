"""Every text that a user can read is in a golden file, so that a review sees a change of words; and the words are plain.

After a change of messages or help, write the golden files again, and read the diff:

    FI_BUMP_WRITE_GOLDENS=1 .venv/bin/python -m pytest -q tests/house/test_wording.py
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import golden
from tests.house import wording
from tests.house.wording import TOP

RULES = "## Rules of the language"
GOLDEN = Path(__file__).parent / "golden"
REWRITE = "FI_BUMP_WRITE_GOLDENS=1 .venv/bin/python -m pytest -q tests/house/test_wording.py"

# Rule 3 of CONTRIBUTING.md, "Rules of the language". That section alone may quote the words.
FORBIDDEN = re.compile(
    r"\b(?:stands?|anew|such|the same of|says nothing|what others wrote|is (?-i:none)|is ours|at most sites"
    r"|of (?:its|their|other) (?:own )?hands|one a \w+)\b".replace(" ", r"\s+"),
    re.IGNORECASE,
)
# Phrases with one of these words that every reader knows, and what they are for. Each must be in use.
ALLOWED = {
    "such as": "introduces an example",
    "such that": "introduces a condition",
    "no such": "the system's own words: no such file or directory",
    "stands? for": "an abbreviation or a placeholder means something",
    "there is none": "says that something does not exist",
}
ALLOWED_PHRASE = re.compile(rf"\b(?:{'|'.join(ALLOWED)})\b".replace(" ", r"\s+"), re.IGNORECASE)


def golden_messages() -> str:
    """One line for each message: the module, and the text as a JSON string."""
    return "".join(
        f"{path.relative_to(TOP).as_posix()}: {json.dumps(text, ensure_ascii=False)}\n"
        for path in wording.modules()
        for text in sorted(wording.messages(path))
    )


def hold(name: str, now: str) -> None:
    """Compare with a golden file, or write it. Fails with a diff and the command that accepts the change."""
    before = golden.golden(GOLDEN / name, now.encode()).decode()
    if now != before:
        diff = difflib.unified_diff(before.split("\n"), now.split("\n"), name, "the source", n=0, lineterm="")
        pytest.fail("\n".join([f"texts that users read have changed; to accept them: {REWRITE}", *diff]), pytrace=False)


def test_the_messages() -> None:
    hold("messages.txt", golden_messages())


def test_the_help_of_every_command() -> None:
    hold("help.txt", wording.help_pages())


def test_a_changed_message_fails_with_its_diff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(golden.WRITE, raising=False)
    changed = golden_messages().replace(
        'commands/set.py: "nothing was changed"', 'commands/set.py: "no file was touched at all"', 1
    )
    with pytest.raises(pytest.fail.Exception) as failure:
        hold("messages.txt", changed)
    said = str(failure.value)
    assert REWRITE in said
    assert '\n-fi_bump/commands/set.py: "nothing was changed"\n' in said
    assert '\n+fi_bump/commands/set.py: "no file was touched at all"' in said


MODULE = '''
"""Not a message."""
import re

PATTERN = re.compile("two words")
HINT = "run it again"


class Thing(Exception):
    """Not a message."""


def command(context):
    """What the help says."""
    raise UsageError(f"'{context.name}' is {'a' + context} folder", place="two words here".strip(), hint=HINT)


def other(count):
    """Not a message."""
    say(["done", "moved " + str(count) + " pins", f"{count} pin{'' if count == 1 else 's'}"])
    key = "done"
    return f"{count}:{key}", _table("site", style="bold")
'''


def test_what_counts_as_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "module.py"
    module.write_text(MODULE)
    monkeypatch.setattr(wording, "_commands", lambda module: {"command"})
    monkeypatch.setattr(wording, "TOP", tmp_path)
    assert wording.messages(module) == {
        "run it again",
        "What the help says.",
        "'{…}' is {…} folder",
        "a{…}",
        "two words here",
        "done",
        "moved {…} pins",
        "{…} pin{…}",
        "site",
    }


# Lines of a transcript that only quote a repository: a move, a row of a table, a mention, a group and its members, a
# group that a split would make.
PATCH = re.compile(r"diff --git |[-+@ ]")
QUOTED = re.compile(
    r".+:\d+:\d+: \S+ \S+ -> \S+|.*\S  +\S.*| *[^ :]+:\d+: [a-z ]+: .+|  [\w-]+(?: \(.+\))?(?:, [\w-]+)*|[\w-]+ [\w.]+"
    r"|  [\w-]+ [\w.]+: [\w./, -]+"
)


def spoken(transcript: str) -> Iterator[str]:
    """Yield the lines that commands print, without the patch of a `set --dry-run`."""
    rehearsed = False
    for line in transcript.split("\n"):
        if line.startswith("$ "):
            rehearsed = "--dry-run" in line
        elif line and not line.startswith("[exit code") and not (rehearsed and PATCH.match(line)):
            yield line


def test_every_sentence_of_a_transcript_is_a_known_message() -> None:
    """What the commands print in the tests of all forms must be in the collection: nothing is overlooked."""
    templates = {text for path in wording.modules() for text in wording.messages(path)}
    worded = [
        text for text in templates if len(re.findall(r"[A-Za-z-]{2,}", text)) >= (1 if wording.FIELD in text else 2)
    ]
    known = [re.compile(".*".join(map(re.escape, text.strip().split(wording.FIELD)))) for text in worded]
    lines = {line for path in TOP.glob("tests/forms/cases/*/transcript.txt") for line in spoken(path.read_text())}
    sentences = {line for line in lines if not QUOTED.fullmatch(line)}
    assert len(sentences) > 200
    assert {line for line in sentences if not any(each.search(line) for each in known)} == set()


class Text(NamedTuple):
    """A text with its file and, if the file has it as it is, the line on which it begins."""

    file: str
    line: int | None
    text: str


def texts() -> Iterator[Text]:
    """Messages, docstrings, help, pages and templates."""
    for path in wording.modules():
        name = path.relative_to(TOP).as_posix()
        yield from (Text(name, None, text) for text in sorted(wording.messages(path)))
        yield from (Text(name, line, text) for line, text in wording.docstrings(path))
    yield Text("--help", None, wording.help_pages())
    for path in sorted([*TOP.glob("*.md"), *TOP.glob("docs/**/*.md")]):
        yield Text(path.relative_to(TOP).as_posix(), 1, "\n".join(prose(path.read_text())))
    for path in sorted((TOP / "templates").iterdir()):
        yield Text(f"templates/{path.name}", 1, path.read_text())


def prose(page: str) -> Iterator[str]:
    """The lines of a page. Code blocks, which are what a program prints, and the rules of the language are empty."""
    code = rules = False
    for line in page.split("\n"):
        code ^= line.startswith("```")
        rules = line == RULES if line.startswith("## ") else rules
        yield "" if code or rules or line.startswith("<!--") else line


def forbidden(text: str) -> list[re.Match[str]]:
    """The forbidden words of a text, outside the allowed phrases."""
    return list(FORBIDDEN.finditer(ALLOWED_PHRASE.sub(lambda phrase: "-" * len(phrase[0]), text)))


def test_no_sentence_uses_a_forbidden_word() -> None:
    found = []
    for file, first, text in texts():
        for match in forbidden(text):
            line = "" if first is None else f":{first + text.count(chr(10), 0, match.start())}"
            around = " ".join(text[max(match.start() - 60, 0) : match.end() + 60].split())
            found.append(f"{file}{line}: '{match[0]}' in: {around}")
    assert not found, "say it in plain words (rule 3 of CONTRIBUTING.md):\n" + "\n".join(found)


@pytest.mark.parametrize("phrase", ALLOWED)
def test_an_allowed_phrase_is_in_use(phrase: str) -> None:
    assert any(re.search(rf"\b{phrase}\b", each.text) for each in texts())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no pin stands there", ["stands"]),
        ("make the file anew", ["anew"]),
        ("change such a place first", ["such"]),
        ("such as uv.lock; there is no such file; a list such that all fit; GROUP stands for a name", []),
        ("understand the standing-failure of a stood_in_for_a_gpu", []),
        ("written one a file", ["one a file"]),
        ("'x' is none", ["is none"]),
        ("there is none, and the rest is None", []),
        ("parsers of other hands, edits\nof its\nown hands", ["of other hands", "of its\nown hands"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_whole_words_are_forbidden(text: str, found: list[str]) -> None:
    assert [match[0] for match in forbidden(text)] == found
