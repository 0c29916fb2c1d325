"""The fields of a project page, HTML and JSON, one by one and without a server."""

from __future__ import annotations

import json

import pytest
from packaging.version import Version

from fi_bump.errors import PackageIndexError
from fi_bump.index.answer import HttpAnswer
from fi_bump.index.model import File
from fi_bump.index.pages import HTML, JSON, files_of

URL = "https://index.invalid/simple/kit/"
WHEEL = "kit-1.0-py3-none-any.whl"
DIGEST = "ab" * 32


def html(body: str, content_type: str = "text/html") -> tuple[File, ...]:
    return files_of(HttpAnswer(URL, 200, {"content-type": content_type}, body.encode()), "kit")


def anchor(attributes: str = "", href: str = WHEEL) -> File:
    """Return the file of an HTML page with one link."""
    (file,) = html(f'<a href="{href}" {attributes}>kit</a>')
    return file


def entry(**more: object) -> File:
    """Return the file of a JSON page with one entry."""
    page = {"files": [{"filename": WHEEL, "url": WHEEL, **more}]}
    (file,) = files_of(HttpAnswer(URL, 200, {"content-type": JSON}, json.dumps(page).encode()), "kit")
    return file


def refusal(body: str, content_type: str = "text/html") -> str:
    with pytest.raises(PackageIndexError) as caught:
        html(body, content_type)
    return str(caught.value)


def test_an_anchor_without_attributes() -> None:
    assert anchor() == File(WHEEL, URL + WHEEL, Version("1.0"))


def test_every_attribute_of_an_anchor() -> None:
    (file,) = html(
        f'<a href="{WHEEL}#sha256={DIGEST}" data-yanked="wrong layout" data-requires-python="&gt;=3.9"'
        f' data-core-metadata="sha256={"cd" * 32}">kit</a>'
    )
    assert file == File(
        name=WHEEL,
        url=URL + WHEEL,
        version=Version("1.0"),
        sha256=DIGEST,
        size=None,
        uploaded=None,
        yanked="wrong layout",
        requires_python=">=3.9",
        metadata_sha256="cd" * 32,
    )


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("kit-1.0-py3-none-any.whl", "1.0"),
        ("kit-1.0-1-py3-none-any.whl", "1.0"),
        ("kit-1.0-2cu130-cp312-cp312-linux_x86_64.whl", "1.0"),
        ("kit-1.0+cu130-1-py3-none-any.whl", "1.0+cu130"),
        ("Kit-1.0.post1-20260101-py3-none-any.whl", "1.0.post1"),
        ("kit-1.0-1-2-py3-none-any.whl", None),
        ("kit-1.0-none-any.whl", None),
        ("kit_extra-1.0-1-py3-none-any.whl", None),
        ("kit-1.0.tar.gz", "1.0"),
        ("kit-1.0.zip", "1.0"),
        ("kit-1.0.tar.bz2", None),
        ("kit-1.0.whl.asc", None),
    ],
)
def test_the_version_is_read_from_the_name(name: str, version: str | None) -> None:
    found = [(file.name, file.version) for file in html(f'<a href="{name}">{name}</a>')]
    assert found == ([] if version is None else [(name, Version(version))])


def test_files_stay_in_the_order_of_the_page() -> None:
    names = ["kit-2.0.tar.gz", "kit-1.0-1-py3-none-any.whl", "kit-1.0-py3-none-any.whl"]
    assert [file.name for file in html("".join(f'<a href="{name}">x</a>' for name in names))] == names


METADATA = [
    ("true", ""),
    ("", ""),
    ("false", None),
    (f"sha256={DIGEST}", DIGEST),
    ("md5=00", ""),
]


@pytest.mark.parametrize("attribute", ["data-core-metadata", "data-dist-info-metadata"])
@pytest.mark.parametrize(("value", "expected"), METADATA)
def test_the_metadata_file_beside_a_wheel(attribute: str, value: str, expected: str | None) -> None:
    assert anchor(f'{attribute}="{value}"').metadata_sha256 == expected


def test_the_metadata_attribute_may_have_no_value() -> None:
    assert anchor("data-core-metadata").metadata_sha256 == ""


def test_the_current_name_of_the_metadata_attribute_counts() -> None:
    assert anchor('data-dist-info-metadata="true" data-core-metadata="false"').metadata_sha256 is None
    assert anchor(f'data-dist-info-metadata="false" data-core-metadata="sha256={DIGEST}"').metadata_sha256 == DIGEST


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"core-metadata": False}, None),
        ({"core-metadata": True}, ""),
        ({"core-metadata": {"sha256": DIGEST}}, DIGEST),
        ({"dist-info-metadata": True}, ""),
        ({"dist-info-metadata": True, "core-metadata": False}, None),
    ],
)
def test_the_metadata_file_in_json(fields: dict[str, object], expected: str | None) -> None:
    assert entry(**fields).metadata_sha256 == expected


@pytest.mark.parametrize(
    ("href", "url"),
    [
        (f"{WHEEL}?token=abc", f"{URL}{WHEEL}?token=abc"),
        (f"{WHEEL}?path=a/b/kit-9.9.zip", f"{URL}{WHEEL}?path=a/b/kit-9.9.zip"),
        (f"../../files/{WHEEL}?v=2", f"https://index.invalid/files/{WHEEL}?v=2"),
        (f"https://files.invalid/{WHEEL}?a=1&amp;b=2", f"https://files.invalid/{WHEEL}?a=1&b=2"),
        ("kit-1.0-py3-none%2Dany.whl", f"{URL}kit-1.0-py3-none%2Dany.whl"),
    ],
)
@pytest.mark.parametrize(("fragment", "sha256"), [("", None), (f"#sha256={DIGEST}", DIGEST), ("#md5=00", None)])
def test_an_address_with_a_query(href: str, url: str, fragment: str, sha256: str | None) -> None:
    file = anchor(href=href + fragment)
    assert (file.name, file.url, file.sha256) == (WHEEL, url, sha256)


def test_a_hash_of_another_form_is_left_out() -> None:
    assert anchor(href=f"{WHEEL}#sha256={DIGEST.upper()}").sha256 == DIGEST
    assert anchor(href=f"{WHEEL}#sha256={DIGEST}0").sha256 is None
    assert anchor(href=f"{WHEEL}#sha512={DIGEST}").sha256 is None
    assert anchor(href=f"{WHEEL}#{DIGEST}").sha256 is None


@pytest.mark.parametrize(
    ("head", "folder"),
    [
        ('<base href="https://one.invalid/a/">', "https://one.invalid/a/"),
        ('<base href="https://one.invalid/a/"><base href="https://two.invalid/b/">', "https://one.invalid/a/"),
        ('<base target="_blank"><base href="https://two.invalid/b/">', "https://two.invalid/b/"),
        ('<base href="../files/">', "https://index.invalid/simple/files/"),
        ('<base href="">', URL),
        ('<base href=""><base href="https://two.invalid/b/">', URL),
        ("", URL),
    ],
)
def test_the_first_base_that_has_an_address_counts(head: str, folder: str) -> None:
    (file,) = html(f'<html><head>{head}</head><body><a href="{WHEEL}">kit</a></body></html>')
    assert file.url == folder + WHEEL


@pytest.mark.parametrize(
    "content_type",
    ["text/html", "Text/HTML", "TEXT/HTML; CHARSET=UTF-8", " text/html ;charset=utf-8", "application/xhtml+xml", HTML]
    + [HTML.upper()],
)
def test_the_content_types_of_html(content_type: str) -> None:
    assert [file.name for file in html(f'<a href="{WHEEL}">kit</a>', content_type)] == [WHEEL]


@pytest.mark.parametrize("content_type", [JSON, JSON.upper(), f"{JSON}; charset=utf-8"])
def test_the_content_types_of_json(content_type: str) -> None:
    page = json.dumps({"files": [{"filename": WHEEL, "url": WHEEL}]})
    assert [file.name for file in html(page, content_type)] == [WHEEL]


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "text/html+x", "html"])
def test_another_content_type(content_type: str) -> None:
    message = f"{URL}: the index answered with {content_type}, not with a project page in JSON or HTML"
    assert refusal(f'<a href="{WHEEL}">kit</a>', content_type) == message


@pytest.mark.parametrize("version", ["1", "1.0", "1.4", "1.99"])
def test_every_minor_version_of_the_interface_is_read(version: str) -> None:
    head = f'<meta name="pypi:repository-version" content="{version}">'
    assert [file.name for file in html(f'{head}<a href="{WHEEL}">kit</a>')] == [WHEEL]
    page = json.dumps({"meta": {"api-version": version}, "files": [{"filename": WHEEL, "url": WHEEL}]})
    assert [file.name for file in html(page, JSON)] == [WHEEL]


@pytest.mark.parametrize("version", ["2.0", "2", "10.0", "0.9"])
def test_another_version_of_the_interface_is_refused(version: str) -> None:
    message = f"{URL}: the index uses version {version} of the simple API, and fi-bump knows only 1"
    head = f'<meta name="pypi:repository-version" content="{version}">'
    assert refusal(f'{head}<a href="{WHEEL}">kit</a>') == message
    assert refusal(json.dumps({"meta": {"api-version": version}, "files": []}), JSON) == message


def test_another_meta_element_has_no_version() -> None:
    assert len(html(f'<meta name="generator" content="2.0"><a href="{WHEEL}">kit</a>')) == 1


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("", None),
        ('data-yanked=""', ""),
        ("data-yanked", ""),
        ('data-yanked="wrong results"', "wrong results"),
        ('data-yanked="two\nlines &amp; a tab\t"', "two lines & a tab"),
    ],
)
def test_yanked(attribute: str, expected: str | None) -> None:
    assert anchor(attribute).yanked == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(False, None), (None, None), ("", None), (True, ""), ("wrong results", "wrong results")]
)
def test_yanked_in_json(value: object, expected: str | None) -> None:
    assert entry(yanked=value).yanked == expected


def test_an_anchor_without_an_address_is_no_file() -> None:
    assert html(f'<a name="top">kit</a><link href="{WHEEL}"><a href="{WHEEL}">kit</a>') == (anchor(),)


@pytest.mark.parametrize("href", [f"file:///srv/{WHEEL}", f"ftp://files.invalid/{WHEEL}"])
def test_a_file_that_is_not_on_a_web_server(href: str) -> None:
    message = f"{URL}: the index lists a file at '{href}', which is not on a web server"
    assert refusal(f'<a href="{href}">kit</a>') == message


def test_a_page_that_is_no_html() -> None:
    assert (
        refusal("kit-1.0-py3-none-any.whl")
        == f"{URL}: the index's answer is not HTML, although its content type is HTML"
    )
    assert html("<html><body></body></html>") == ()


def test_bytes_that_are_no_utf8() -> None:
    answer = HttpAnswer(URL, 200, {"content-type": "text/html"}, b"<p>\xff</p><a href='%b'>kit</a>" % WHEEL.encode())
    assert [file.name for file in files_of(answer, "kit")] == [WHEEL]
