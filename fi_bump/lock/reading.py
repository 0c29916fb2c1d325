"""Reads the lock, and says where something in it is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from fi_bump.boundary import left_out
from fi_bump.errors import FIX_OR_RESTORE, LockError
from fi_bump.grammar import LITERAL, LITERAL_MARK, canonical_name, canonical_repository, is_literal_anchor, is_version
from fi_bump.lock import fields
from fi_bump.lock.fields import LONGEST_VERSION, is_canonical_version
from fi_bump.lock.records import LOCK_NAME, LOCK_VERSION, USERS_INDEXES, Group, Lock, Member
from fi_bump.records import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


def load(data: bytes) -> Lock:
    """Parse a lock. Raises LockError with a place: `versions.lock.json:3:7` or `in 'groups.g.version'`."""
    document = _object(_parse(data), "", required=("lock-version", "groups"), optional=("$schema", "exclude"))
    if document["lock-version"] != LOCK_VERSION or isinstance(document["lock-version"], bool):
        raise _wrong("lock-version", f"this fi-bump reads lock-version {LOCK_VERSION}", hint="update fi-bump")
    groups_document = _object(document["groups"], "groups")
    if not groups_document:
        raise _wrong("groups", "the lock has no group", hint="run fi-bump init --force")
    groups = tuple(_group(name, value) for name, value in groups_document.items())
    _check_owners(groups)
    exclude = _names(document, "", "exclude", _is(fields.GLOB, "a path pattern"))
    _check_excluded(groups, exclude)
    schema = document.get("$schema")
    if "$schema" in document and not isinstance(schema, str):
        raise _wrong("$schema", "must be a string")
    return Lock(groups, exclude, schema)


def _parse(data: bytes) -> object:
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_no_duplicates)
    except UnicodeDecodeError as error:
        raise LockError(f"is not UTF-8 at byte {error.start}", place=LOCK_NAME) from None
    except json.JSONDecodeError as error:
        place = f"{LOCK_NAME}:{error.lineno}:{error.colno}"
        message = error.msg[:1].lower() + error.msg[1:]
        raise LockError(f"is not JSON: {message}", place=place, hint=FIX_OR_RESTORE) from None
    except ValueError:
        raise LockError("is not a lock: it contains a number with too many digits", place=LOCK_NAME) from None
    except RecursionError:
        raise LockError("is not a lock: it is nested too deeply", place=LOCK_NAME) from None


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result: dict[str, object] = {}
    for key, value in pairs:
        if key in result:
            raise LockError(f"one object has the key '{key}' twice", place=LOCK_NAME, hint="keep one of the two")
        result[key] = value
    return result


def _wrong(path: str, message: str, hint: str | None = None) -> LockError:
    return LockError(message, place=f"{LOCK_NAME}: in '{path}'" if path else LOCK_NAME, hint=hint)


def _join(path: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def _object(
    value: object, path: str, *, required: tuple[str, ...] = (), optional: tuple[str, ...] | None = None
) -> dict[str, Any]:
    """Return `value` as an object with the `required` keys; if `optional` is given, other keys are errors."""
    if not isinstance(value, dict):
        raise _wrong(path, "must be an object")
    for key in required:
        if key not in value:
            raise _wrong(path, f"the key '{key}' is missing")
    if optional is not None:
        known = (*required, *optional)
        for key in value:
            if key not in known:
                raise _wrong(_join(path, key), "unknown key", hint=f"the keys here are {', '.join(known)}")
    return value


def _is(pattern: str, what: str) -> Callable[[object, str], str]:
    def check(value: object, path: str) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise _is_not(value, path, what)
        return value

    return check


def _is_not(value: object, path: str, what: str) -> LockError:
    return _wrong(path, f"{json.dumps(value, ensure_ascii=False)} is not {what}")


def _names(document: dict[str, Any], path: str, key: str, check: Callable[[object, str], str]) -> tuple[str, ...]:
    """Return the list at `key`, each entry checked and none repeated; empty if the key is absent."""
    where = _join(path, key)
    values = document.get(key, [])
    if not isinstance(values, list):
        raise _wrong(where, "must be a list")
    try:
        names = tuple([check(value, where) for value in values])
    except LockError:
        # Only the message about a wrong entry has its number: to write it for each of 10,000 takes a tenth of the time.
        names = tuple([check(value, _join(where, number)) for number, value in enumerate(values)])
    if len(set(names)) < len(names):
        first = {name: number for number, name in reversed(list(enumerate(names)))}
        number = next(number for number, name in enumerate(names) if first[name] < number)
        raise _wrong(_join(where, number), f"this list has '{names[number]}' twice", hint="keep one of the two")
    return names


def _group(name: str, value: object) -> Group:
    path = f"groups.{name}"
    _is(fields.NAME, "a group name: lower-case letters, digits and single hyphens")(name, path)
    optional = ("minimum-age", "hold", "variables", "repositories", "tags", "sites")
    document = _object(value, path, required=("version", "packages"), optional=optional)
    packages = _object(document["packages"], f"{path}.packages")
    if not packages:
        raise _wrong(f"{path}.packages", "a group needs at least one package")
    return Group(
        name=name,
        version=_version(document["version"], f"{path}.version"),
        packages=tuple(
            _member(package, options, f"{path}.packages.{package}") for package, options in packages.items()
        ),
        variables=_names(document, path, "variables", _is(fields.VARIABLE, "an upper-case variable name")),
        repositories=_names(document, path, "repositories", _repository),
        sites=_names(document, path, "sites", _site),
        minimum_age=_minimum_age(document, path),
        tags=_names(document, path, "tags", _is(fields.TAG, "a rule for tags such as v{version} or >=1.0: v{version}")),
        hold=_hold(document, path),
    )


def _hold(document: dict[str, Any], path: str) -> str | None:
    if "hold" not in document:
        return None
    return _is(fields.TEXT, "a reason: one line of text")(document["hold"], f"{path}.hold")


def _minimum_age(document: dict[str, Any], path: str) -> int | None:
    if "minimum-age" not in document:
        return None
    text = _is(fields.MINIMUM_AGE, "a number of days such as 10 days")(document["minimum-age"], f"{path}.minimum-age")
    return int(text.partition(" ")[0])


def _version(value: object, path: str) -> str:
    if isinstance(value, str) and len(value) <= LONGEST_VERSION and is_canonical_version(value):
        return value
    text = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and is_version(value.removeprefix("v")):
        raise _wrong(path, f"{text} is not in PEP 440's canonical form", hint="set the version with fi-bump set")
    raise _wrong(path, f"{text} is not a public PEP 440 version")


# A lock may have 10,000 sites.
_SITE = re.compile(fields.SITE)


def _site(value: object, path: str) -> str:
    if not isinstance(value, str) or not _SITE.fullmatch(value):
        raise _is_not(value, path, "a site: path#anchor, the path inside the repository")
    name, _, anchor = value.partition("#")
    if refusal := left_out.refusal(name):
        raise _wrong(path, f"'{name}' {refusal}", hint="delete this site")
    if anchor.startswith(LITERAL) and not is_literal_anchor(anchor):
        raise _wrong(path, f"'{anchor}' is not a literal anchor: the text of a line with {LITERAL_MARK} in it")
    return value


def _repository(value: object, path: str) -> str:
    if isinstance(value, str) and re.fullmatch(fields.REPOSITORY, value) and canonical_repository(value) == value:
        return value
    text = json.dumps(value, ensure_ascii=False)
    raise _wrong(path, f"{text} is not a repository: host/owner/name in lower case, without scheme and .git")


def _member(name: str, value: object, path: str) -> Member:
    if not re.fullmatch(fields.NAME, name):
        canonical = canonical_name(name)
        hint = f"write {canonical}" if re.fullmatch(fields.NAME, canonical) else None
        raise _wrong(path, f"'{name}' is not a canonical package name", hint=hint)
    options = _object(value, path, optional=("index", "label", "files"))
    files = _object(options.pop("files", {}), f"{path}.files")
    for file, digest in files.items():
        _is(fields.FILE, "a release file's name")(file, f"{path}.files")
        _is(fields.DIGEST, "a digest: sha256: and 64 hexadecimal digits")(digest, f"{path}.files.{file}")
    label = None
    if "label" in options:
        label = _is(fields.LABEL, "a local label such as cu130")(options["label"], f"{path}.label")
    return Member(name, _indexes(options, path), label, tuple(sorted(files.items())))


def _indexes(options: dict[str, Any], path: str) -> tuple[str, ...]:
    """Return one index URL, or a list of them in the order in which they are asked."""
    if isinstance(options.get("index"), list):
        return _names(options, path, "index", _index)
    return (_index(options["index"], f"{path}.index"),) if "index" in options else ()


def _index(value: object, path: str) -> str:
    if isinstance(value, str) and "@" in value.partition("://")[2].partition("/")[0]:
        raise _wrong(path, "the URL contains credentials", hint="remove them, and put them into netrc")
    return _is(fields.INDEX, f'an index URL or "{USERS_INDEXES}"')(value, path)


def _check_owners(groups: tuple[Group, ...]) -> None:
    """Check that a site belongs to one group, and a subject to several only if recorded sites tell them apart."""
    sites: dict[str, str] = {}
    subjects: dict[str, Group] = {}
    for group in groups:
        if not sites.keys().isdisjoint(group.sites):
            number, site = next((number, site) for number, site in enumerate(group.sites) if site in sites)
            raise _wrong(f"groups.{group.name}.sites[{number}]", f"'{site}' is already a site of '{sites[site]}'")
        sites.update(dict.fromkeys(group.sites, group.name))
        for subject in sorted(group.subjects):
            other = subjects.setdefault(subject, group)
            if other is not group and not (other.sites and group.sites):
                raise _wrong(
                    f"groups.{group.name}",
                    f"'{subject}' is also in the group '{other.name}', but not both groups list their sites",
                    hint="list the sites of both groups, or remove the name from one of them",
                )


def _check_excluded(groups: tuple[Group, ...], exclude: tuple[str, ...]) -> None:
    """Check that no site is in an excluded path: fi-bump does not read there, so nothing would be at the site."""
    pattern = left_out.excluder(exclude)
    if pattern is None:
        return
    for group in groups:
        excluded = [number for number, site in enumerate(group.sites) if pattern.match(site.partition("#")[0])]
        if excluded:
            path = f"groups.{group.name}.sites[{excluded[0]}]"
            more = len(excluded) - 1
            others = f", and so {'is' if more == 1 else 'are'} {more} more of this group's sites" if more else ""
            message = f"'{group.sites[excluded[0]]}' is in an excluded path{others}"
            raise _wrong(path, message, hint="delete these sites, or the pattern in exclude")
