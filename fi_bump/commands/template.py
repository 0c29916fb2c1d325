"""`fi-bump template`: list the templates, or print or write one, filled in from the lock."""

from __future__ import annotations

import os
from typing import NamedTuple

from fi_bump import state
from fi_bump.commands.locked import locked_folder
from fi_bump.editing import write
from fi_bump.errors import Exit, UsageError
from fi_bump.repository import open_repository
from fi_bump.scanning import files
from fi_bump.template.catalog import TEMPLATES, Template, find, source
from fi_bump.template.fill import fill
from fi_bump.template.values import filling
from fi_bump.terminal.output import say, write_bytes


class TemplateOptions(NamedTuple):
    """What `template` was asked for; `output` is a path below the root."""

    root: str
    name: str | None = None
    group: str | None = None
    write: bool = False
    output: str | None = None
    force: bool = False


def run(options: TemplateOptions) -> int:
    """Print or write the template and return 0. Raises UsageError for an unknown name and a file that is in the way."""
    if options.name is None:
        if options._replace(root="") != TemplateOptions(""):
            raise UsageError("no template is named", hint="fi-bump template lists them")
        say(_listing())
        return int(Exit.OK)
    template = find(options.name)
    repository = open_repository(options.root)
    known = filling(template, repository, options.group)
    text = fill(source(template), known.values, known.rows)
    if options.write or options.output is not None:
        path = template.target if options.output is None else _output(repository.root, options.output)
        _write(repository.root, template, text, path, options)
    else:
        write_bytes(text.encode("utf-8"))
    return int(Exit.OK)


def _listing() -> list[str]:
    """A line a template: its name, what it is, and where --write puts it."""
    names = max(len(name) for name in TEMPLATES)
    summaries = max(len(template.summary) for template in TEMPLATES.values())
    return [
        f"{template.name:{names}}  {template.summary:{summaries}}  {template.target}" for template in TEMPLATES.values()
    ]


def _output(root: str, output: str) -> str:
    path = files.below(root, output)
    if os.path.isdir(os.path.join(root, path)):
        raise UsageError("is a folder", place=output or path, hint="name a file below the repository's folder")
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
        if old is not None and not options.force:
            raise UsageError("is there already, and differs", place=path, hint="use --force to replace it")
        write.make_folder(root, path)
        write.commit(root, [write.FileChange(path, None if old is None else old.data, data)])
    say([f"wrote {path}"])


def _refuse_below(root: str, template: Template) -> None:
    """Written below the top of a checkout nobody would read it, and what it runs would find no lock."""
    top = state.checkout(root)
    if top is None or not template.at_top:
        return
    folder = os.path.relpath(os.path.realpath(root), top)
    if folder != ".":
        hint = f"save what fi-bump template {template.name} prints at the top, with -C {folder} behind each fi-bump"
        message = f"is read at the top of {top} alone, and this lock lies in {folder}"
        raise UsageError(message, place=template.target, hint=hint)


def _refuse_rivals(root: str, template: Template, text: str) -> None:
    """A tool's whole configuration says more than ours: what we have to say is shown, to be merged by hand."""
    for rival in template.rivals:
        if files.read_optional(root, rival) is not None:
            raise UsageError("is there already, and is more than ours", place=rival, hint=_merge(template, text))


def _merge(template: Template, text: str) -> str:
    if template.name == "pre-commit":
        entry = text.partition("repos:\n")[2].rstrip("\n")
        return f"add this to its repos:\n{entry}"
    return f"merge what fi-bump template {template.name} prints into it, or name another file with --output"
