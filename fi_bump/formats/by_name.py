"""Which format a file has, by its name: the patterns of the table, and the names that are never read."""

from __future__ import annotations

from functools import cache

from fi_bump.formats.table import FORMATS, OTHER

# A part of the name of the file beside a target from which the writer renames.
_TEMPORARY = ".fi-bump-"
# The endings of requirement files whose names do not say what they are, so that only an include does: `-r deps.txt`.
REQUIREMENT_ENDINGS = (".txt", ".pip", ".reqs")
# What follows the last dot of the names of files that fi-bump does not read at all: documents and patches, in which a
# version is a mention; the sources of compiled languages; data, images, archives; lock files of other ecosystems.
_NEVER_TEXT = """
md mdx rst adoc asciidoc markdown html htm xhtml tex bib org textile pdf ps doc docx odt ppt pptx xls xlsx license
readme patch diff orig rej c cc cpp cxx c++ h hh hpp hxx h++ cu cuh hip inl ipp tpp m mm s asm ptx metal cl comp vert
frag glsl hlsl wgsl go rs java kt kts scala swift cs fs vb dart zig d ml mli hs erl ex exs clj pas f f90 f95 for jl r
lua php proto thrift fbs capnp graphql sql pyi pyx pxd csv tsv jsonl ndjson jsonlines parquet arrow feather npy npz
pkl pickle bin dat pt pth ckpt safetensors onnx gguf h5 hdf5 tfrecord db sqlite msgpack vocab model tiktoken png jpg
jpeg gif bmp ico icns svg svgz webp tif tiff psd eps mp3 mp4 wav ogg flac avi mov webm ttf otf woff woff2 eot css scss
sass less map min po pot mo xml xsd xsl xslt drawio puml mmd dot zip tar gz tgz bz2 xz zst 7z rar jar war whl egg deb
rpm apk so a o obj lib dll dylib exe class pyc pyo wasm lock sum log out err tmp temp bak swp pem crt cer key pub p12
pfx gpg asc sig sha256 sha512 md5 gitignore gitattributes gitmodules gitkeep dockerignore helmignore npmignore
eslintignore prettierignore editorconfig mailmap keep top_level
"""
_NEVER_NAMED_TEXT = """
license licence copying notice authors contributors maintainers codeowners changelog changes history news readme
pkg-info record wheel metadata
"""
_NEVER_NAMED = frozenset(_NEVER_NAMED_TEXT.split())
_NEVER = frozenset(_NEVER_TEXT.split())

# Patterns of lower-case file names by how they are tested: whole names, beginnings, endings, and the others as their
# folder with `/` around it, or "", and the texts between their stars.
_Patterns = tuple[frozenset[str], tuple[str, ...], tuple[str, ...], list[tuple[str, list[str]]]]
# A format's name, the patterns that lead to it, and those that exclude from it.
_Rule = tuple[str, _Patterns, _Patterns]


def expanded(pattern: str) -> list[str]:
    """The patterns without braces that a pattern with `{a,b}` means."""
    before, brace, rest = pattern.partition("{")
    if not brace:
        return [pattern]
    choices, _, after = rest.partition("}")
    tails = expanded(after)
    return [before + choice + tail for choice in choices.split(",") for tail in tails]


def _expanded(patterns: tuple[str, ...]) -> list[str]:
    return [each for pattern in patterns for each in expanded(pattern.lower())]


def _compiled(patterns: list[str]) -> _Patterns:
    wholes, starts, ends, others = [], [], [], []
    for pattern in patterns:
        start, *more = pattern.split("*")
        if "/" in pattern or len(more) > 1 or (start and more and more[0]):
            folder, slash, name = pattern.rpartition("/")
            others.append((f"/{folder}/" if slash else "", name.split("*")))
        elif not more:
            wholes.append(start)
        elif start:
            starts.append(start)
        else:
            ends.append(more[0])
    return frozenset(wholes), tuple(starts), tuple(ends), others


def _last_of_pattern(pattern: str) -> str | None:
    """What follows the last dot of each name that matches, or all of the name where it has no dot; None if anything."""
    end = pattern[pattern.rfind("*") + 1 :]
    return None if "*" in pattern and "." not in end else end[end.rfind(".") + 1 :]


# The patterns of each format, each with what follows the last dot of the names that it matches.
_FILES = {form: [(pattern, _last_of_pattern(pattern)) for pattern in _expanded(form.files)] for form in FORMATS}
_LASTS = {last for patterns in _FILES.values() for _, last in patterns}
# All patterns for names with any ending are beginnings.
_STARTS = tuple([pattern[:-1] for patterns in _FILES.values() for pattern, last in patterns if last is None])
UNREAD = _NEVER - _LASTS
# The rules that can match a name, by what follows its last dot and whether it begins like a name with any ending.
_RULES: dict[tuple[str, bool], list[_Rule]] = {}


def _rules(name: str) -> list[_Rule]:
    """Return the rules that can match a file name in lower case, in order."""
    last, is_start = name[name.rfind(".") + 1 :], name.startswith(_STARTS)
    if last not in _LASTS:
        if not is_start:
            return []
        last = ""
    key = last, is_start
    if key not in _RULES:
        lasts = (last, None) if is_start else (last,)
        rules = _RULES[key] = []
        for form, patterns in _FILES.items():
            some = [pattern for pattern, each in patterns if each in lasts]
            if some:
                rules.append((form.name, _compiled(some), _compiled(_expanded(form.but))))
    return _RULES[key]


def _decided() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return the format of nearly each name with an ending, by the ending, with the ends of the other names.

    Endings are left out that a name for which the ending does not count may have.
    """
    decided: dict[str, tuple[str, tuple[str, ...]]] = {}
    open_lasts, others = set(_LASTS), dict[str | None, list[str]]()
    for form, patterns in _FILES.items():
        for pattern, last in patterns:
            if last is None:
                return decided
            if last in open_lasts and pattern == f"*.{last}":
                open_lasts.discard(last)
                ends = [*others.get(last, ()), *_expanded(form.but)]
                ends = [end.rpartition("*")[2].rpartition("/")[2] for end in ends if end.endswith(f".{last}")]
                if pattern[1:] not in ends:
                    decided[last] = form.name, tuple(ends)
            others.setdefault(last, []).append(pattern)
    return decided


# Most files of a tree have one of these after the last dot, in lower case.
DECIDED = _decided()
# With an ending in `UNREAD`, only a name that begins with one of these letters may have a format.
FIRST_LETTERS = frozenset([each for start in _STARTS for each in (start[0], start[0].upper())])


def may_have_format(name: str) -> bool:
    """Whether a file name can have a format in some folder; true for some names that have none."""
    name = name.lower()
    dot = name.rfind(".")
    # Most files that are not read have an ending that decides it.
    if dot >= 0 and name[dot + 1 :] in UNREAD:
        return name.startswith(_STARTS)
    return is_moved_by_name(name) or _is_other(name)


def is_moved_by_name(name: str) -> bool:
    """Whether a file name can have a format of its own, so that it is not one of all others (`OTHER`)."""
    name = name.lower()
    return name[name.rfind(".") + 1 :] in _LASTS or name.startswith(_STARTS)


def may_hold_requirements(path: str) -> bool:
    """Whether a file of no known format may be a requirement file that another one includes: `deps.txt`, `pins`."""
    name = path[path.rfind("/") + 1 :]
    return name.endswith(REQUIREMENT_ENDINGS) or "." not in name


# Asked again for a file that is read, and by each command that goes through the files of a scan.
@cache
def format_of(path: str) -> str | None:
    """The name of the format of a file with this path, or None."""
    _, dot, last = path.rpartition(".")
    decided = DECIDED.get(last) or DECIDED.get(last.lower())
    if decided is not None and dot and not (decided[1] and path.lower().endswith(decided[1])):
        return decided[0]
    slash = path.rfind("/") + 1
    name = path[slash:].lower()
    for form, (wholes, starts, ends, others), but in _rules(name):
        if (
            name.endswith(ends)
            or name in wholes
            or name.startswith(starts)
            or (others and _has_any(others, name, path, slash))
        ):
            wholes, starts, ends, others = but
            excluded = name in wholes or name.endswith(ends) or name.startswith(starts)
            return None if excluded or _has_any(others, name, path, slash) else form
    return OTHER.name if _is_other(name) else None


def _is_other(name: str) -> bool:
    """Whether a file name in lower case, which no format claims, is that of a file to report on."""
    dot = name.rfind(".")
    unread = name[dot + 1 :] in _NEVER if dot >= 0 else name in _NEVER_NAMED
    return not unread and bool(name) and _TEMPORARY not in name


def _has_any(others: list[tuple[str, list[str]]], name: str, path: str, slash: int) -> bool:
    for folder, texts in others:
        if _has_in_order(name, texts) and (not folder or folder in f"/{path[:slash].lower()}"):
            return True
    return False


def _has_in_order(name: str, texts: list[str]) -> bool:
    """Whether the name begins with the first text, ends with the last one, and has all others between, in order."""
    start, *middle, end = texts
    stop = len(name) - len(end)
    if len(start) > stop or not (name.startswith(start) and name.endswith(end)):
        return False
    position = len(start)
    for text in middle:
        found = name.find(text, position, stop)
        if found < 0:
            return False
        position = found + len(text)
    return True
