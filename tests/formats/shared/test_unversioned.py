"""Packages that install commands name without a version."""

from __future__ import annotations

import pytest

from fi_bump.formats.shared.unversioned import unversioned
from fi_bump.pins import Wanted
from tests.formats.results import marked

WANTED = Wanted(frozenset({"nixl", "nixl-cu12", "nixl-cu13"}), frozenset(), frozenset())


@pytest.mark.parametrize(
    "text",
    [
        "pip install -U «nixl-cu13»",
        "uv pip install --system '«nixl_cu12»' nixl==1.0",
        'python3 -m pip install "nixl >= 1" «nixl[all]» && pip install nixl',
        "uv add «nixl»",
        "pip download -d nixl «nixl»",
        "pip wheel --wheel-dir nixl «nixl-cu12» nixl==1.0",
        "pip download --no-deps --platform nixl --dest=x «Nixl.CU13»",
        "pip install «nixl-cu${CUDA}»",
        '"pip", "install", "«nixl»"',
        "pip uninstall nixl; pip show nixl; pip install other",
        "pip install --no-binary nixl-cu12 -c nixl nixl==$V nixl @ https://x",
        "pip install -r nixl.txt nixl-extras ./nixl xnixl",
        "apt-get install nixl",
    ],
)
def test_places(text: str) -> None:
    data, spans = marked(text)
    first = data.partition(b" && ")[0]
    assert [(start, end) for start, end, _ in unversioned(first, WANTED)] == spans


def test_the_package() -> None:
    found = [package for _, _, package in unversioned(b"pip install nixl-cu$C Nixl_CU13 nixl$C", WANTED)]
    assert found == ["nixl-cu12", "nixl-cu13"]
