"""Where the templates install fi-bump from: an address that somebody owns, at one commit or with one checksum.

fi-bump is not published on a package index. A template that named it there would install whatever somebody puts under
that name. So a template installs what this copy was installed from, as its installer recorded it (PEP 610, and the
draft PEP 710 for an index), or the source that the user names.
"""

from __future__ import annotations

import json
import os
import re
from importlib import metadata
from typing import Any, NamedTuple
from urllib.parse import unquote

import fi_bump
from fi_bump.boundary.addresses import shown
from fi_bump.errors import UsageError
from fi_bump.untrusted import table, texts

# What a template may copy into shell, YAML and JSON: no character that one of them gives a meaning inside quotes.
_ADDRESS = re.compile(r"[\w.~/@%+=:,!-]+(?:#[\w./=&:-]+)?", re.ASCII)
_NAMED = re.compile(r"\Afi[-_.]bump\s*@\s*", re.IGNORECASE)
# No user but that of ssh: CI has its own way to log in, and a file that is committed must not hold a password.
_HOST = r"(?:https://[^/@]+|ssh://(?:[^/@:]+@)?[^/@]+|file://)"
_GIT = re.compile(rf"git\+(?P<repository>{_HOST}/[^@#]+)@(?P<commit>[0-9a-f]{{40}})(?P<below>#subdirectory=[\w./-]+)?")
_FILE = re.compile(r"(?:https://[^/@]+|file://)/[^@#]+\.(?:whl|tar\.gz|zip)#sha256=[0-9a-f]{64}")
_HASHED = re.compile(r"fi[-_.]bump==(?P<version>[0-9][\w.!+-]*)(?P<hashes>(?: --hash=sha256:[0-9a-f]{64})+)", re.ASCII)

FORMS = (
    "name fi-bump at one commit or with a checksum: --source git+https://HOST/REPOSITORY@COMMIT, "
    "--source 'https://HOST/FILE.whl#sha256=CHECKSUM', "
    "or --source 'fi-bump==VERSION --hash=sha256:CHECKSUM' if your own index has it"
)


class Origin(NamedTuple):
    """What CI installs. `requirement` is for pip's command line.

    `hashes` are options that pip takes in a file only. `repository` and `commit` are set if the top of a git repository
    is installed.
    """

    requirement: str
    hashes: str = ""
    repository: str = ""
    commit: str = ""

    @property
    def is_local(self) -> bool:
        """Whether the address is a path of the machine that installs it."""
        return "file://" in self.requirement


def named(text: str) -> Origin:
    """Return the source that --source names. Raises UsageError if it can give other files on another day."""
    source = _parse(text)
    if source is None:
        message = "is not fi-bump at one commit or with a checksum"
        raise UsageError(message, place=f"--source {shown(text)}", hint=FORMS)
    return source


def recorded() -> Origin:
    """Return the source that this copy was installed from.

    Raises UsageError if no installer recorded it, or if other machines cannot install the same from it.
    """
    record = _record()
    if record is None:
        raise UsageError("no installer recorded where this copy of fi-bump is from", hint=FORMS)
    url, subdirectory = record.get("url"), record.get("subdirectory")
    git, archive = table(record, "vcs_info"), table(record, "archive_info")
    below = f"#subdirectory={subdirectory}" if subdirectory else ""
    if "dir_info" in record:
        folder = unquote(_shown(url).removeprefix("file://"))
        raise UsageError(f"this copy of fi-bump was installed from the folder {folder}", hint=FORMS)
    if git.get("vcs") == "git":
        source = _parse(f"git+{url}@{git.get('commit_id')}{below}")
    else:
        source = _parse(f"{url}#sha256={_checksum(archive)}") if not below else None
    if source is None:
        message = (
            f"this copy of fi-bump was installed from {_shown(url)}, without a commit or a checksum to install again"
        )
        raise UsageError(message, hint=FORMS)
    return source


def _parse(text: str) -> Origin | None:
    address = _NAMED.sub("", text.strip(), count=1)
    if hashed := _HASHED.fullmatch(address):
        return Origin(f"fi-bump=={hashed['version']}", hashes=hashed["hashes"].strip())
    if not _ADDRESS.fullmatch(address):
        return None
    if git := _GIT.fullmatch(address):
        whole = {} if git["below"] else {"repository": git["repository"], "commit": git["commit"]}
        return Origin(f"fi-bump @ {address}", **whole)
    return Origin(f"fi-bump @ {address}") if _FILE.fullmatch(address) else None


def _record() -> dict[str, Any] | None:
    """Return what the installer of this copy wrote about its source; None if it wrote nothing."""
    try:
        installed = metadata.distribution("fi-bump")
    except metadata.PackageNotFoundError:
        return None
    for name in ("direct_url.json", "provenance_url.json"):
        try:
            record = json.loads(installed.read_text(name) or "null")
        except ValueError:
            continue
        if isinstance(record, dict) and ("dir_info" in record or _is_this_copy(installed)):
            return record
    return None


def _is_this_copy(installed: metadata.Distribution) -> bool:
    """Whether the installed files are those that run, and not of another folder that comes first on the path."""
    try:
        return os.path.samefile(str(installed.locate_file("fi_bump/__init__.py")), fi_bump.__file__)
    except OSError:
        return False


def _checksum(archive: dict[str, Any]) -> str:
    """Return the SHA-256 of an archive, from the key of PEP 610 or the older one; empty if there is none."""
    value = table(archive, "hashes").get("sha256")
    if isinstance(value, str):
        return value
    return next((each.removeprefix("sha256=") for each in texts([archive.get("hash")]) if "sha256=" in each), "")


def _shown(url: object) -> str:
    return shown(url) if isinstance(url, str) else "an unknown address"
