"""The tags of a page as the HTML standard reads them, and the time that it takes."""

from __future__ import annotations

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.index.html_tags import Tag, start_tags


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<a href=x>", [("a", {"href": "x"})]),
        ('<A HREF="x y">t</A>', [("a", {"href": "x y"})]),
        ("<a href='x\">y' b>", [("a", {"href": 'x">y', "b": ""})]),
        ('<a\nhref = "x"\tc=d/>', [("a", {"href": "x", "c": "d/"})]),
        ('<a data-requires-python=">=3.9">', [("a", {"data-requires-python": ">=3.9"})]),
        ('<a x="&gt;&#61;3&amp;4">', [("a", {"x": ">=3&4"})]),
        ("<br/><hr />", [("br", {}), ("hr", {})]),
        ("<a/b=c>", [("a", {"b": "c"})]),
        ("<a href=x href=y>", [("a", {"href": "x"})]),
        ("<p title=don't><a>", [("p", {"title": "don't"}), ("a", {})]),
        ('<a x"y>', [("a", {'x"y': ""})]),
        ("<a =b=c>", [("a", {"=b": "c"})]),
        ("a < b <c>", [("c", {})]),
        ("<!-- <a> --><b>", [("b", {})]),
        ("<!--><b>", [("b", {})]),
        ("<!---><b>", [("b", {})]),
        ("<!-- x --!><b>", [("b", {})]),
        ("<!DOCTYPE html><b>", [("b", {})]),
        ("<?xml version='1.0'?><b>", [("b", {})]),
        ("<![CDATA[ <a> ]]><b>", [("b", {})]),
        ("</><b>", [("b", {})]),
        ("</a href='>'><b>", [("b", {})]),
        ("<script>'<a>'</script><b>", [("script", {}), ("b", {})]),
        ("<STYLE><a></scripts></style ><b>", [("style", {}), ("b", {})]),
        ("<title></titles><a></title><b>", [("title", {}), ("b", {})]),
        ("<a href='&#" + "9" * 5000 + ";'>", [("a", {"href": "&#" + "9" * 5000 + ";"})]),
        ("<b><a href=x", [("b", {})]),
        ("<b><a href='x>", [("b", {})]),
        ("<b><!-- <a>", [("b", {})]),
        ("<b><script><a>", [("b", {}), ("script", {})]),
        ("<b></", [("b", {})]),
        ("<b><", [("b", {})]),
    ],
)
def test_tags(page: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    assert list(start_tags(page)) == [Tag(*each) for each in expected]


class Standard(HTMLParser):
    """The start tags as the parser of the standard library reads them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[Tag] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(Tag(tag, {name: value or "" for name, value in reversed(attributes)}))


NAME = st.from_regex(r"\A[a-z][a-z0-9-]{0,6}\Z")
VALUE = st.text("ab <>=/&#;éx.0", max_size=10)


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from(["a", "p", "base", "meta"]), st.dictionaries(NAME, VALUE, max_size=3))))
def test_a_well_formed_page_is_read_as_by_the_standard_library(tags: list[tuple[str, dict[str, str]]]) -> None:
    from html import escape

    page = "".join(
        f"<{name}{''.join(f' {key}={chr(34)}{escape(value)}{chr(34)}' for key, value in attributes.items())}>t</{name}>"
        for name, attributes in tags
    )
    parser = Standard()
    parser.feed(page)
    parser.close()
    assert list(start_tags(page)) == parser.tags == [Tag(name, attributes) for name, attributes in tags]


UNITS = [
    "<a ",
    "<!--",
    "</",
    "</a ",
    "<![CDATA[",
    "<a x=",
    "&#1",
    "<a &#1",
    "<script>",
    "<?",
    "<!",
    "<a href='",
    "<a '",
    "<",
    "<a>",
    "<!-- -->",
    "<!---->",
    "<title></title>",
    "<script></script>",
    "<a =",
    "<a x =",
    "<a\n",
    "=",
    "' ",
    "<a x=' '",
    "<!--->",
    "<!--!>",
    "<script></scripx>",
    "<a x='&#" + "9" * 5000 + "'>",
    "<a x='&#1&#1&#1'>",
    "<a/",
    '<a x="\'">',
]


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("head", ["", "<a ", "<a x='"])
def test_the_time_grows_with_the_length(unit: str, head: str) -> None:
    page = head + unit * (2_000_000 // len(unit))
    start = time.process_time()
    for _ in start_tags(page):
        pass
    assert time.process_time() - start < 15
