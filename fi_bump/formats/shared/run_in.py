"""The folder in which a command must run, for commands that files of a subfolder name.

A lock file of `server` is updated by `(cd 'server' && uv lock …)`: at the top, the same command would update the lock
file that is there.
"""

from __future__ import annotations

import re

from fi_bump.errors import quoted

_ENDING = re.compile(r"\.[^./]*\Z")
_WORD = re.compile(r"[^\s\"'=;|&]+")


def in_folder(folder: str, command: str) -> str:
    """Return a command as it runs at the top of the repository; `folder` is '' for the top itself."""
    return f"(cd {quoted(folder)} && {command})" if folder else command


def folder_of(path: str, command: str) -> str:
    """Return the folder in which a command wrote the file at `path`: the command names the file relative to it.

    Without an output, `pip-compile test.in` writes `test.txt`. A command that names neither, such as `make lock`, is
    one of the project's own and runs at the top.
    """
    words = [word.removeprefix("./") for word in _WORD.findall(command)]
    stem = _ENDING.sub("", path)
    for wanted, named in ((path, words), (stem, [_ENDING.sub("", word) for word in words])):
        found = [word for word in named if wanted == word or wanted.endswith(f"/{word}")]
        if found:
            return wanted[: -len(max(found, key=len))].rstrip("/")
    return ""
