"""`fi-bump template`: list the templates, or print or write one that is filled in from the lock."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from typing import NamedTuple

from fi_bump import state
from fi_bump.commands.locked import locked_folder
from fi_bump.editing import write
from fi_bump.errors import Exit, UsageError
from fi_bump.lock.records import LOCK_NAME
from fi_bump.repository import open_repository
from fi_bump.scanning import files
from fi_bump.template import origin
from fi_bump.template.catalog import TEMPLATES, Template, find, installs, source
from fi_bump.template.fill import fill
from fi_bump.template.never_replaced import shared_name
from fi_bump.template.values import filling
from fi_bump.terminal.facts import tell
from fi_bump.terminal.output import say, write_bytes


class TemplateOptions(NamedTuple):
    """The options of `template`. `output` is a path below the root."""

    root: str
    name: str | None = None
    group: str | None = None
    write: bool = False
    output: str | None = None
    force: bool = False
    source: str | None = None


def run(options: TemplateOptions) -> int:
    """List, print or write, and return 0. Raises UsageError for an unknown name, or when another file exists."""
    if options.name is None:
        if options._replace(root="") != TemplateOptions(""):
            message = "--write, --output, --group, --force and --source need the name of a template"
            raise UsageError(message, hint="run fi-bump template to list the templates")
        say(_listing())
        tell("templates", lambda: [_fact(each) for each in TEMPLATES.values()])
        return int(Exit.OK)
    template = find(options.name)
    repository = open_repository(options.root)
    before = source(template)
    known = filling(template, repository, options.group, _origin(template, before, options.source))
    text = fill(before, known.values, known.rows)
    if options.write or options.output is not None:
        path = template.target if options.output is None else _output(repository.root, options.output)
        _write(repository.root, template, text, path, options)
    else:
        write_bytes(text.encode("utf-8"))
    return int(Exit.OK)


def _origin(template: Template, text: str, given: str | None) -> origin.Origin | None:
    """Return where the template installs fi-bump from; None if it does not install it."""
    if not installs(text):
        if given is not None:
            raise UsageError(f"{template.name} does not install fi-bump", hint="run it again without --source")
        return None
    found = origin.recorded() if given is None else origin.named(given)
    if found.is_local:
        with redirect_stdout(sys.stderr):
            say([f"note: {found.requirement} works only where CI has the same files at this path"])
    return found


def _fact(template: Template) -> dict[str, str]:
    return {"name": template.name, "summary": template.summary, "path": template.target}


def _listing() -> list[str]:
    """Return one line per template: its name, its purpose, and the path that --write uses."""
    names = max(len(name) for name in TEMPLATES)
    summaries = max(len(template.summary) for template in TEMPLATES.values())
    return [
        f"{template.name:{names}}  {template.summary:{summaries}}  {template.target}" for template in TEMPLATES.values()
    ]


def _output(root: str, output: str) -> str:
    path = files.below(root, output)
    if os.path.isdir(os.path.join(root, path)):
        raise UsageError("this is a folder", place=output or path, hint="name a file in the repository")
    return path


def _write(root: str, template: Template, text: str, path: str, options: TemplateOptions) -> None:
    data = text.encode("utf-8")
    with locked_folder(root):
        old = files.read_optional(root, path)
        if old is not None and old.data == data:
            say([f"{path} is up to date"])
            return
        if options.output is None:
            _refuse_below(root, template)
            _refuse_rivals(root, template, text)
        if old is not None:
            _refuse_shared(root, template, text, path)
        if old is not None and not options.force:
            hint = "run it again with --force to replace the file; its changes are lost"
            raise UsageError("this file exists and differs from the template", place=path, hint=hint)
        write.make_folder(root, path)
        change = write.FileChange(path, None if old is None else old.data, data)
        write.commit(root, [change], f"template {template.name}")
    say([f"wrote {path}"])


def _refuse_below(root: str, template: Template) -> None:
    """Raise UsageError if the lock is in a subfolder and the template only works at the top of a checkout.

    In a subfolder the CI system would not read the file, and at the top its commands would not find the lock.
    """
    top = state.checkout(root)
    if top is None or not template.at_top:
        return
    folder = os.path.relpath(os.path.realpath(root), top)
    if folder != ".":
        hint = (
            f"save the output of fi-bump template {template.name} there, and add -C {folder} after each fi-bump in it"
        )
        message = f"this file only works at the top of {top}, but the lock is in {folder}"
        raise UsageError(message, place=template.target, hint=hint)


def _refuse_rivals(root: str, template: Template, text: str) -> None:
    """Raise UsageError if the tool has a configuration already, at any path where it looks for one."""
    for rival in template.rivals:
        if files.read_optional(root, rival) is not None:
            raise _not_replaced(template, text, rival, rival)


def _refuse_shared(root: str, template: Template, text: str, path: str) -> None:
    """Raise UsageError if the existing file at `path` is the lock or the configuration of a whole tool.

    --force does not replace it either, because it may hold settings that the template does not have.
    """
    name = shared_name(root, path)
    if name is not None:
        raise _not_replaced(template, text, path, name)


def _not_replaced(template: Template, text: str, path: str, name: str) -> UsageError:
    """Return the error for the file at `path`, which is the shared file `name`; its hint says what to add to it."""
    message = "this file exists and may hold other settings, so it was not replaced"
    if name == LOCK_NAME:
        message = "this file is a lock of fi-bump, so it was not replaced"
    hint, *below = _merge(template, text, name).split("\n")
    return UsageError(message, place=path, hint=hint, below=below)


def _merge(template: Template, text: str, name: str) -> str:
    if name not in template.rivals:
        return f"run fi-bump template {template.name} --write, or name another file with --output PATH"
    if template.name == "pre-commit":
        entry = text.partition("repos:\n")[2].rstrip("\n")
        return f"add this entry to its repos:\n{entry}"
    if template.name == "git-merge":
        return f"add this line to it:\n{text.rstrip(chr(10)).rpartition(chr(10))[2]}"
    settings = '  "customManagers"' + text.partition('  "customManagers"')[2].rstrip("}\n")
    return f"add these settings to it, or name another file with --output PATH:\n{settings}"
