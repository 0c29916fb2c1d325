"""Compiled modules on their way from one machine to another: `--export-modules DIR` and `--modules DIR`.

`probes/jit.py` keeps the modules of a wheel in a folder whose name has a hash of everything that they are made of. The
folder travels as a whole: its libraries, the files that say that they are complete, and a manifest with the hash of
each. Objects and sources stay behind. An importer checks every hash, so a half-copied library is never loaded.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from fi_bump import user_files
from fi_bump.errors import FileError, explained
from fi_bump.smoke.probes.protocol import COMPLETE
from fi_bump.smoke.storage import exclusive, folder, shared_folder

MANIFEST = "manifest.json"
_FORMAT = 1
_KEY = re.compile(r"[0-9][\w.+!-]*-sm_\d+-(?:quick|path|full)-[0-9a-f]{16}")
_KEPT = re.compile(rf"(?:.*\.so(?:{re.escape(COMPLETE)})?|trapped-\w+)\Z")
_HINT = "export the modules again with fi-bump smoke --export-modules DIR"


class CopiedModules(NamedTuple):
    """How many folders of modules and how many files in them were copied."""

    folders: int
    files: int


def kept_in(cache: str) -> str:
    """Return the folder in a cache of `smoke` where the probes keep compiled modules: `jit.prepare` makes the last."""
    return folder(cache, "jit", "jit")


def export(kept: str, target: str, version: str) -> CopiedModules:
    """Copy the complete modules of a release from `kept` to `target`. What is whole there stays, and counts as copied.

    Runs on several machines can export to one folder at a time: nothing that a manifest names is ever taken away, and
    a manifest is written after its files. Raises FileError if a file cannot be read or written.
    """
    moved = CopiedModules(0, 0)
    for key in _keys(kept):
        files = list(_complete(Path(kept, key))) if key.startswith(f"{version}-") else []
        if not files:
            continue
        home = shared_folder(os.path.join(target, key))
        with exclusive(f"{home}.lock"):
            _add(os.path.join(kept, key), files, home)
        moved = CopiedModules(moved.folders + 1, moved.files + len(files))
    return moved


def _add(source: str, files: Sequence[str], home: str) -> None:
    """Copy the files below `source` to `home`, and name them in its manifest; after a failure `home` is as it was."""
    hashes = _whole(home)
    # A library belongs with the marks beside it, so a folder is taken from one run alone.
    there = set(map(os.path.dirname, hashes))
    added = [name for name in files if os.path.dirname(name) not in there]
    written = []
    try:
        for name in added:
            data = user_files.read(os.path.join(source, name))
            hashes[name] = hashlib.sha256(data).hexdigest()
            _write(os.path.join(home, name), data, shared_folder)
            written.append(os.path.join(home, name))
        manifest = json.dumps({"format": _FORMAT, "files": hashes}, indent=2, sort_keys=True)
        _write(os.path.join(home, MANIFEST), f"{manifest}\n".encode(), shared_folder)
    except BaseException:
        for path in written:
            with contextlib.suppress(OSError):
                os.unlink(path)
        raise


def take(source: str, kept: str, *, filled: bool = True) -> CopiedModules:
    """Copy the modules of `source`, of whatever release, to `kept`. A file that is there already is left alone.

    Raises FileError for a folder without modules if it has to be `filled`, and for a file that is not as its manifest
    says.
    """
    keys = [key for key in _keys(source) if os.path.isfile(os.path.join(source, key, MANIFEST))]
    if not keys and filled:
        raise FileError("has no exported modules", place=source, hint=_HINT)
    copied = 0
    for key in keys:
        for name, digest in _manifest(os.path.join(source, key, MANIFEST)).items():
            path, target = os.path.join(source, key, name), os.path.join(kept, key, name)
            if os.path.exists(target):
                continue
            data = user_files.read(path)
            if hashlib.sha256(data).hexdigest() != digest:
                raise FileError("is not the file that its manifest describes", place=path, hint=_HINT)
            _write(target, data, folder)
            copied += 1
    return CopiedModules(len(keys), copied)


def _keys(parent: str) -> list[str]:
    with explained(parent, "cannot be read"):
        return sorted(name for name in os.listdir(parent) if _KEY.fullmatch(name))


def _complete(root: Path) -> Iterator[str]:
    """Yield the files to copy, each below `root`: the libraries first, what says that they are complete after them."""
    for path in sorted(root.rglob("*"), key=lambda each: (each.suffix != ".so", str(each))):
        if _KEPT.match(path.name) and path.is_file() and not path.is_symlink() and not _is_half_built(path):
            yield path.relative_to(root).as_posix()


def _is_half_built(path: Path) -> bool:
    """Return whether a file is a library with neither a marker nor a count of its traps beside it."""
    return path.suffix == ".so" and not Path(f"{path}{COMPLETE}").exists() and not any(path.parent.glob("trapped-*"))


def _write(path: str, data: bytes, make: Callable[[str], str]) -> None:
    make(os.path.dirname(path))
    user_files.put(path, data)


def _whole(home: str) -> dict[str, str]:
    """Return the hashes of an exported folder, without the modules of which a file is not as the manifest says."""
    path = os.path.join(home, MANIFEST)
    try:
        listed = _manifest(path) if os.path.isfile(path) else {}
    except FileError:
        return {}
    broken = {os.path.dirname(name) for name, digest in listed.items() if _digest(os.path.join(home, name)) != digest}
    return {name: digest for name, digest in listed.items() if os.path.dirname(name) not in broken}


def _digest(path: str) -> str | None:
    return hashlib.sha256(user_files.read(path)).hexdigest() if os.path.isfile(path) else None


def _manifest(path: str) -> dict[str, str]:
    """Return the hashes by name. Raises FileError for anything that `export` would not write."""
    try:
        document = json.loads(user_files.read(path))
        files = document["files"].items() if document["format"] == _FORMAT else ()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        files = ()
    if not files or not all(_is_below(name) and isinstance(digest, str) for name, digest in files):
        raise FileError("is not a manifest of modules", place=path, hint=_HINT)
    return dict(files)


def _is_below(name: str) -> bool:
    parts = name.split("/")
    return bool(_KEPT.match(parts[-1])) and not {"", ".", ".."} & set(parts)
