"""Laws of the YAML finder: those of every finder, libyaml and PyYAML agree on places, damaged files, linear work."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.formats import yaml_events
from fi_bump.formats.yaml_events import NotYamlError, YamlScalar, scalars
from fi_bump.pins import Source
from tests.formats import laws
from tests.formats.test_yaml import KEYS, NEIGHBOURS, REQUIREMENTS, SCRIPTS, TEMPLATES, search

CASES = [data for data, _ in KEYS + NEIGHBOURS + REQUIREMENTS + SCRIPTS + TEMPLATES]
VERSIONS = st.sampled_from(["0.6.1", "0.6.11.post2", "1!2.0", "0.7.0rc1", "10", "1.10", "1.0.dev20260101"])


@pytest.mark.parametrize("data", CASES)
def test_laws_on_every_case(data: bytes) -> None:
    laws.hold(search, data, "0.6.11.post2", "0.7.0rc1")


LINES = st.sampled_from(
    [
        b"FLASHINFER_VERSION: '0.6.8'",
        b"flashinfer-version: v0.6.8+cu130 # c",
        b"a:\n- FLASHINFER_VERSION=0.6.8\n- flashinfer-python==0.6.8\n- flashinfer-cubin=0.6.8",
        b"run: |\n  pip install flashinfer-python==0.6.8 # x\n  FLASHINFER_VERSION=0.6.8 y",
        b'b: {flashinfer_version: {default: "0.6.8"}, flashinfer-version: [0.6.8], \'c\': "\xc3\xa9"}',
        b"env:\n  - name: FLASHINFER_VERSION\n    value: ${{ x || '0.6.8' }}",
        b"x: &v 0.6.8\nFLASHINFER_VERSION: *v",
        b"---",
        b"# c",
        b"k: >\n  flashinfer-python==0.6.8\n  git clone -b v0.6.8 https://github.com/flashinfer-ai/flashinfer",
    ]
)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    text = b"\n".join(draw(st.lists(LINES, min_size=1, max_size=6))) + draw(st.sampled_from([b"", b"\n"]))
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.replace(b"\n", draw(st.sampled_from([b"\n", b"\r\n"])))


@given(files(), VERSIONS, VERSIONS)
def test_laws(data: bytes, first: str, second: str) -> None:
    laws.hold(search, data, first, second)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = draw(st.sampled_from(CASES) | files())
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 3)))
        data = (
            data[:start]
            + draw(st.sampled_from([b"", *map(bytes, zip(b"\0 \t\n\r#&*!|>'\"%@{}[],?:-=v0.\xc3\xff"))]))
            + data[end:]
        )
    return data


@given(damaged())
def test_damaged_files_do_no_harm(data: bytes) -> None:
    found = search(data)
    for pin in found.pins:
        assert data[pin.span.start : pin.span.end].decode() == pin.version
    assert [pin.span for pin in found.pins] == sorted({pin.span for pin in found.pins})
    spans = [place.span for place in found.unpinned] + [place.span for place in found.floors]
    assert all(0 <= span.start < span.end <= len(data) for span in spans)


@given(damaged(), VERSIONS.filter(lambda version: "." in version))
def test_laws_on_damaged_files(data: bytes, version: str) -> None:
    laws.hold(search, data, version, "0.6.11.post2")


@given(st.binary(max_size=60))
def test_any_bytes_do_no_harm(data: bytes) -> None:
    search(b"FLASHINFER_VERSION: " + data)


def read(data: bytes) -> list[YamlScalar] | None:
    try:
        return list(scalars(Source("a.yml", data)))
    except NotYamlError:
        return None


@given(files() | damaged())
def test_both_parsers_of_pyyaml_see_the_same_places(data: bytes) -> None:
    fast = read(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_events, "LOADER", yaml.SafeLoader)
        plain = read(data)
    # The two differ in what they refuse; where both read a file, the places are the same.
    if fast is not None and plain is not None:
        assert fast == plain


JSON_LIKE: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab \n'\"#:-", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("kx-", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def flat(value: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        return [each for key, item in value.items() for each in flat(item, (*path, str(key)))]
    if isinstance(value, list):
        return [each for item in value for each in flat(item, path)]
    return [(path, value)]


@given(JSON_LIKE, st.booleans())
def test_paths_and_values_are_those_of_the_document(value: Any, flow: bool) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, sort_keys=False).encode()
    found = [(scalar.path, scalar.value) for scalar in scalars(Source("a.yml", text))]
    expected = [
        (path, yaml.safe_dump(item).split("\n")[0] if not isinstance(item, str) else item) for path, item in flat(value)
    ]
    assert found == expected


def work(data: bytes) -> int:
    """Return how many lines of Python run while the finder reads a file."""
    count = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    search(data)
    old = sys.gettrace()
    sys.settrace(trace)
    try:
        search(data)
    finally:
        sys.settrace(old)
    return count


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        lambda n: b"\xef\xbb\xbf" + b"- {FLASHINFER_VERSION: 0.6.8, x: &a 1, y: *a}\n" * n,
        lambda n: b"FLASHINFER_VERSION: [" + b"0.6.8, " * n + b"]\n",
        lambda n: b"run: |\n" + b"  git clone -b v0.6.8 https://github.com/flashinfer-ai/flashinfer\n" * n,
        lambda n: b"{% x %}\n" + b"FLASHINFER_VERSION: 0.6.8\n" * n,
    ],
    ids=["mappings", "one sequence", "a script", "a template"],
)
def test_twice_the_file_is_twice_the_work(make: Callable[[int], bytes]) -> None:
    small, large = work(make(100)), work(make(400))
    assert large < 4.4 * small
