"""URLs of wheels and archives: which contain a release that can move, and why others cannot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.formats.shared.addresses import Address, file_address, release
from fi_bump.pins import Wanted

REPOSITORY = "github.com/o/kit"
WANTED = Wanted(frozenset({"kit-python", "kit-jit-cache"}), frozenset(), frozenset({REPOSITORY}))
HASHED = "pinned by a URL with a hash; update both together"
OTHERS = "pinned by a URL that contains other numbers too, so fi-bump does not update it"
OWN_BUILD = "pinned by a URL whose label is no CUDA version, which fi-bump does not update"
OLDER = "pinned by a URL of an older naming scheme, which fi-bump does not update"
URL = "pinned by a URL that fi-bump does not update"
PATH = "pinned by the path of a file, which fi-bump does not update"
WHEEL = "kit_jit_cache-{}-cp39-abi3-manylinux_2_28_x86_64.whl"


@pytest.mark.parametrize(
    ("address", "subject", "versions"),
    [
        ("https://h/d/v0.6.1/" + WHEEL.format("0.6.1+cu130"), "kit-jit-cache", [13, 33]),
        ("https://h/d/0.6.1/v0.6.1/" + WHEEL.format("0.6.1%2Bcu130"), "kit-jit-cache", [12, 19, 39]),
        ("https://h/whl/cu130/" + WHEEL.format("0.6.1"), "kit-jit-cache", [34]),
        ("https://h/whl/cpu/" + WHEEL.format("0.6.1%2Bcpu"), "kit-jit-cache", [32]),
        ("https://h/" + WHEEL.format("0.6.1+xpu"), "kit-jit-cache", [24]),
        ("https://h/" + WHEEL.format("0.6.1-1b"), "kit-jit-cache", [24]),
        ("https://1.2.3.4:80/Kit_Python-0.6.1-py3-none-any.whl?a=1.2#egg=b", "kit-python", [30]),
        ("https://h/kit-python-0.6.1.tar.gz", "kit-python", [21]),
        ("https://h/kit_python-0.6.1.zip", "kit-python", [21]),
        (f"https://{REPOSITORY}/archive/refs/tags/v0.6.1.tar.gz", REPOSITORY, [44]),
        (f"https://{REPOSITORY}/archive/0.6.1.zip", REPOSITORY, [33]),
        (f"https://{REPOSITORY}/tarball/v0.6.1", REPOSITORY, [34]),
        (f"https://{REPOSITORY}/releases/expanded_assets/v0.6.1", REPOSITORY, [51]),
        (f"https://{REPOSITORY}/releases/download/0.6.1/", REPOSITORY, [43]),
        (f"https://{REPOSITORY}/releases/download/v0.6.1/other-0.6.1-py3-none-any.whl", REPOSITORY, [44, 56]),
    ],
)
def test_what_moves(address: str, subject: str, versions: list[int]) -> None:
    found = release(address.encode(), WANTED)
    assert found is not None
    assert (found.subject, found.reason) == (subject, None)
    assert [start for start, _ in found.versions] == versions
    assert {address[start:end] for start, end in found.versions} == {"0.6.1"}


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://h/" + WHEEL.format("0.2.5+cu124torch2.6"), OLDER),
        ("https://h/" + WHEEL.format("0.6.6%2Bsm120"), OWN_BUILD),
        ("https://h/" + WHEEL.format("0.6.6+rocm6.4"), OWN_BUILD),
        ("https://h/" + WHEEL.format("0.6.6+cpu.team1"), OWN_BUILD),
        ("https://h/torch2.6/" + WHEEL.format("0.6.1"), OTHERS),
        ("https://h/v0.6.0/" + WHEEL.format("0.6.1"), OTHERS),
        ("https://h/nightly-v0.6.1-20260101/" + WHEEL.format("0.6.1"), OTHERS),
        ("https://h/v0.6.1/" + WHEEL.format("${V}"), URL),
        ("https://h/$V/" + WHEEL.format("0.6.1"), URL),
        ("https://h/kit_jit_cache-0.6.1.whl", URL),
        ("https://github.com/o/kit/releases/download/nightly-1.2/" + WHEEL.format("0.6.1"), OTHERS),
        ("file:///w/" + WHEEL.format("0.6.1"), PATH),
        ("dist/" + WHEEL.format("0.6.1"), PATH),
    ],
)
def test_what_stays(address: str, reason: str) -> None:
    found = release(address.encode(), WANTED)
    assert found is not None
    assert found._replace(named=None) == Address("kit-jit-cache", (), reason)
    # Of a URL with other numbers the version of the file is known all the same.
    assert (found.named is not None) is (reason == OTHERS)


def test_a_folder_of_something_else_than_a_release_stays() -> None:
    found = release(f"https://{REPOSITORY}/releases/expanded_assets/v0.6.1-cu129".encode(), WANTED)
    assert found == Address(REPOSITORY, (), URL)


@pytest.mark.parametrize("fragment", ["#sha256=00", "#egg=kit&md5=00"])
def test_a_hash_keeps_a_version_in_its_place(fragment: str) -> None:
    address = "https://h/" + WHEEL.format("0.6.1") + fragment
    digest = (len(address) - 2, len(address))
    assert release(address.encode(), WANTED) == Address("kit-jit-cache", ((24, 29),), HASHED, digest)
    assert file_address(address.encode(), ((24, 29),)) == "https://h/" + WHEEL.format("{version}")


def test_the_path_of_a_file_is_no_address() -> None:
    assert file_address(b"dist/kit-0.6.1.tar.gz", ((9, 14),)) is None


@pytest.mark.parametrize(
    "address",
    [
        "https://h/torch-2.9.0-cp312-cp312-linux_x86_64.whl",
        "https://h/d/v${V}/" + WHEEL.format("${V}"),
        "https://h/d/{{ v }}/" + WHEEL.format("{{ v }}+cu130"),
        f"https://{REPOSITORY}/blob/v0.6.1/README.md",
        f"https://{REPOSITORY}/archive/main.zip",
        f"https://{REPOSITORY}x/archive/0.6.1.zip",
        "https://h/whl/cu130",
        "",
    ],
)
def test_what_is_no_release_of_ours(address: str) -> None:
    assert release(address.encode(), WANTED) is None


PIECES = ["https://", "h", "/", "v", "0.6.1", "12", "-", "+", "cu130", "kit_jit_cache", "py3", ".whl", ".tar.gz", "$V"]


@given(st.lists(st.sampled_from([*PIECES, "#", "?", "é", ".", "archive", REPOSITORY]), max_size=20))
def test_laws(parts: list[str]) -> None:
    data = "".join(parts).encode()
    found = release(data, WANTED)
    if found is not None and found.reason is None:
        (version,) = {data[start:end] for start, end in found.versions}
        moved = data
        for start, end in reversed(found.versions):
            moved = moved[:start] + b"1.7rc1" + moved[end:]
        again = release(moved, WANTED)
        assert again is not None
        assert {moved[start:end] for start, end in again.versions} == {b"1.7rc1"}
        assert len(again.versions) == len(found.versions)
        back = moved
        for start, end in reversed(again.versions):
            back = back[:start] + version + back[end:]
        assert back == data
