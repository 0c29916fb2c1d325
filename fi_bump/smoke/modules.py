"""Compiled modules on their way from one machine to another: `--export-modules DIR` and `--modules DIR`.

`probes/jit.py` keeps the modules of a wheel in a folder whose name has a hash of everything that they are made of. The
folder travels as a whole: its libraries, the files that say that they are complete, and a manifest with the hash of
each. Objects and sources stay behind. An importer checks every hash, so a half-copied library is never loaded.
"""

from __future__ import annotations

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
from fi_bump.smoke.storage import drop, folder, fresh_folder, shared_folder

MANIFEST = "manifest.json"
_FORMAT = 1
_KEY = re.compile(r"[0-9][\w.+!-]*-sm_\d+-(?:quick|path|full)-[0-9a-f]{16}")
_KEPT = re.compile(rf"(?:.*\.so(?:{re.escape(COMPLETE)})?|trapped-\w+)\Z")
_HINT = "export the modules again with fi-bump smoke --export-modules DIR"


class CopiedModules(NamedTuple):
    """How many folders of modules and how many files in them were copied."""

    folders: int
    files: int


def export(kept: str, target: str, version: str) -> CopiedModules:
    """Copy the complete modules of a release from `kept` to `target`. A folder that is there is replaced.

    Raises FileError if a file cannot be read or written; the folders that are copied by then are complete.
    """
    moved = CopiedModules(0, 0)
    for key in _keys(kept):
        files = list(_complete(Path(kept, key))) if key.startswith(f"{version}-") else []
        if not files:
            continue
        made = fresh_folder(shared_folder(target), f".{key}")
        try:
            _copy(os.path.join(kept, key), files, made)
            _put_folder(made, os.path.join(target, key))
        except BaseException:
            drop(made)
            raise
        moved = CopiedModules(moved.folders + 1, moved.files + len(files))
    return moved


def _copy(source: str, files: Sequence[str], made: str) -> None:
    """Copy the files below `source` to the folder `made`, and write their manifest there."""
    hashes = {}
    for name in files:
        data = user_files.read(os.path.join(source, name))
        hashes[name] = hashlib.sha256(data).hexdigest()
        _write(os.path.join(made, name), data, shared_folder)
    manifest = json.dumps({"format": _FORMAT, "files": hashes}, indent=2, sort_keys=True)
    _write(os.path.join(made, MANIFEST), f"{manifest}\n".encode(), shared_folder)


def take(source: str, kept: str) -> CopiedModules:
    """Copy the modules of `source`, of whatever release, to `kept`. A file that is there already is left alone.

    Raises FileError for a folder without modules, and for a file that is not as its manifest says.
    """
    keys = [key for key in _keys(source) if os.path.isfile(os.path.join(source, key, MANIFEST))]
    if not keys:
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


def _put_folder(made: str, target: str) -> None:
    """Replace the folder `target`, if there is one, by `made`. After a failure `target` is as it was."""
    old = f"{made}.old"
    with explained(target, "cannot be written"):
        if not os.path.isdir(target):
            os.rename(made, target)
            return
        os.rename(target, old)
        try:
            os.rename(made, target)
        except BaseException:
            os.rename(old, target)
            raise
    drop(old)


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
