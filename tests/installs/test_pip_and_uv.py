"""Install commands in texts: which words they have, and what they say about indexes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.installs.pip_and_uv import expand, install_commands

U = "https://a.example/simple"


def read(text: str) -> list[tuple[str, list[str], str | None, list[str], list[str]]]:
    """Return each command's tool, requirements, default index, other indexes and files."""
    return [
        (
            each.tool,
            [word.text for word in each.requirements],
            each.default.text if each.default else None,
            [word.text for word in each.extra],
            list(each.files),
        )
        for each in install_commands(text.encode())
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pip install kit==1.0", ("pip", ["kit==1.0"], None, [], [])),
        ("python3 -m pip --no-cache-dir install -U 'kit >= 1'", ("pip", ["kit >= 1"], None, [], [])),
        ("/opt/venv/bin/pip3.12 download kit", ("pip", ["kit"], None, [], [])),
        ("uv pip install --system kit", ("uv", ["kit"], None, [], [])),
        ("uv --quiet pip install kit", ("uv", ["kit"], None, [], [])),
        ("uv add kit", ("uv", ["kit"], None, [], [])),
        (f"pip install -i {U} kit", ("pip", ["kit"], U, [], [])),
        (f"pip install -i{U} kit", ("pip", ["kit"], U, [], [])),
        (f"pip install kit --index-url={U}", ("pip", ["kit"], U, [], [])),
        (f"pip install --index-url https://b.example --index-url {U} kit", ("pip", ["kit"], U, [], [])),
        (f"pip install kit --extra-index-url {U} --extra-index-url {U}2", ("pip", ["kit"], None, [U, f"{U}2"], [])),
        (f"uv pip install kit --default-index {U} --index gpu={U}2", ("uv", ["kit"], U, [f"{U}2"], [])),
        ("pip install -r a.txt -cb.txt --requirement=c.txt", ("pip", [], None, [], ["a.txt", "b.txt", "c.txt"])),
        ("pip install kit && pip list", ("pip", ["kit"], None, [], [])),
        ("pip install kit; echo other", ("pip", ["kit"], None, [], [])),
        ("pip install kit # other", ("pip", ["kit"], None, [], [])),
        ("(pip install kit) other", ("pip", ["kit"], None, [], [])),
        ("pip install kit | tee other", ("pip", ["kit"], None, [], [])),
        ("pip install 'kit[a,b] ; python_version < \"4\"'", ("pip", ['kit[a,b] ; python_version < "4"'], None, [], [])),
        ('run: "pip install kit==1.0"\nother', ("pip", ["kit==1.0"], None, [], [])),
        (
            "pip install kit --extra-index-url https://a.example/cu$(echo $CUDA | cut -d. -f1,2 | tr -d '.') more",
            ("pip", ["kit", "more"], None, ["https://a.example/cu$(echo $CUDA | cut -d. -f1,2 | tr -d '.')"], []),
        ),
        ("pip install kit==${V:-1.0} --index-url ${{ env.X }}", ("pip", ["kit==${V:-1.0}"], "${{ env.X }}", [], [])),
        ("pip install kit --index-url", ("pip", ["kit"], None, [], [])),
    ],
)
def test_a_command(text: str, expected: object) -> None:
    assert read(text) == [expected]


@pytest.mark.parametrize(
    "text", ["pip list", "my-pip install kit", "pip-install kit", "pipx install kit", "uv sync", "pip"]
)
def test_what_installs_nothing_that_is_named(text: str) -> None:
    assert read(text) == []


def test_options_of_a_command() -> None:
    text = b"uv pip install kit --index-strategy unsafe-best-match -f /wheels --no-index\nuv pip install kit --index-strategy=first-index"
    first, second = install_commands(text)
    assert (first.all_indexes, first.has_links, first.no_index) == (True, True, True)
    assert (second.all_indexes, second.has_links, second.no_index) == (False, False, False)
    assert [each.all_indexes for each in install_commands(b"uv pip install kit")] == [None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://a/cu${CUDA}", "https://a/cu130"),
        ("https://a/cu$CUDA/x", "https://a/cu130/x"),
        ("${BASE:-https://b}/cu130", "https://b/cu130"),
        ("${CUDA:-cu1}", "130"),
        ("https://a/${NONE}", None),
        ("https://a/$(cat x)", None),
        ("https://a/`cat x`", None),
        ("https://a", "https://a"),
    ],
)
def test_references(text: str, expected: str | None) -> None:
    assert expand(text, {"CUDA": "130"}) == expected


@given(st.text(alphabet="pip uvinstal-=$(){}`'\"\\\n#&;|<>@:/k", max_size=200))
def test_no_text_is_an_error(text: str) -> None:
    for command in install_commands(text.encode("latin-1", "replace")):
        assert 0 <= command.start < len(text)


@given(st.lists(st.sampled_from(["kit==1.0", "'a b'", "$(x | y)", "-U", "--pre"]), max_size=6))
def test_the_words_of_a_command_are_those_that_a_shell_sees(words: list[str]) -> None:
    (command,) = install_commands(f"pip install {' '.join(words)} && false".encode())
    assert [word.text for word in command.requirements] == [word.strip("'") for word in words if word[0] != "-"]
