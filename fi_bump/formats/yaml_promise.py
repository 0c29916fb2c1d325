"""Whether a YAML file can contain anything wanted: whether it has one of the words with which `yaml.find` begins.

It rules out what the pattern `words` of yaml_texts.py rules out, but for a few words that are longer than a name: that
pattern takes longer than the rest of most checks.
"""

from __future__ import annotations

from functools import lru_cache

from fi_bump.formats.shared.name_search import Search
from fi_bump.formats.shared.spelled import spelling
from fi_bump.formats.shared.subjects import image_names
from fi_bump.pins import Source, Wanted

_LONGEST_KEY = 40


@lru_cache(maxsize=64)
def _searches(wanted: Wanted) -> tuple[Search, Search]:
    whole = [
        *wanted.packages,
        *map(str.lower, wanted.variables),
        *(name.partition("/")[2] for name in wanted.repositories),
    ]
    names = [(name.replace("-", "_"), "(?![a-z0-9])") for name in whole]
    images = [(name.replace("-", "_"), "[-_.:]v?[0-9]") for name in image_names(wanted)]
    named = [(name.rpartition("/")[2].replace("-", "_"), r"(?![\w-])") for name in wanted.repositories]
    return Search([*names, *images]), Search(named)


def is_promising(source: Source, wanted: Wanted) -> bool:
    """Whether the finder may find something in a YAML file."""
    lowered = source.lowered
    (anywhere, as_name), judge = _searches(wanted), spelling(wanted)
    places = [place for place, _ in judge.places(source)] if judge.is_plain else anywhere.places(source)
    places += [place for place in as_name.places(source) if b"name" in lowered[max(place - _LONGEST_KEY, 0) : place]]
    return not all(_is_comment(lowered, place) for place in places)


def _is_comment(data: bytes, place: int) -> bool:
    """Whether the line of a place begins with `#`."""
    return data[data.rfind(b"\n", 0, place) + 1 : place].lstrip(b" \t").startswith(b"#")
