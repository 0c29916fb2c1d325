"""Releases under a former name of a package: reported as what they are, in every format, and nothing else of that name."""

from __future__ import annotations

import pytest

from fi_bump.pins import Source
from fi_bump.scanning.look import look
from tests.formats.results import WANTED

REASON = (
    "a release under the former name flashinfer, which fi-bump does not update; the package is now flashinfer-python"
)
WHEEL = "flashinfer-0.0.8+cu121torch2.3-cp310-cp310-linux_x86_64.whl"


@pytest.mark.parametrize(
    ("path", "text", "place"),
    [
        ("requirements.txt", "flashinfer==0.1.6+cu121torch2.4\n", "0.1.6"),
        ("Dockerfile", "RUN pip install flashinfer==0.1.6 torch==2.4.0\n", "0.1.6"),
        ("a.sh", "pip install 'flashinfer[x]==0.1.6'\n", "0.1.6"),
        ("environment.yml", "dependencies:\n- pip:\n  - flashinfer==0.1.6\n", "0.1.6"),
        ("pyproject.toml", '[project]\ndependencies = ["flashinfer==0.1.6"]\n', "0.1.6"),
        ("setup.py", 'setup(install_requires=["flashinfer==0.1.6"])\n', "0.1.6"),
        ("requirements.txt", f"https://h/whl/{WHEEL}\n", f"https://h/whl/{WHEEL}"),
        ("a.sh", f"pip install https://h/whl/{WHEEL}\n", f"https://h/whl/{WHEEL}"),
    ],
)
def test_a_former_name(path: str, text: str, place: str) -> None:
    found = look(Source(path, text.encode()), WANTED)
    assert found.pins == ()
    assert [(each.subject, each.reason, each.source.text(each.span)) for each in found.unpinned] == [
        ("flashinfer-python", REASON, place)
    ]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yaml", "flashinfer: 0.6.1\n"),
        ("a.py", 'VERSIONS = {"flashinfer": "0.6.1"}\nx = "flashinfer-0.6.1"\n'),
        ("requirements.txt", "flashinfer>=0.1.6\nflashinfer\nflashinfer-bench==0.1.0\n"),
        # An archive of the repository, which has this name.
        ("a.cmake", 'set(K "/cache/flashinfer-0.6.1.tar.gz")\n'),
        ("a.sh", "pip install ./flashinfer-0.6.1.zip\n"),
        ("requirements.txt", "https://mirror.example/flashinfer-0.6.1.tgz\n"),
    ],
)
def test_what_is_no_release_of_it(path: str, text: str) -> None:
    assert REASON not in [each.reason for each in look(Source(path, text.encode()), WANTED).unpinned]


def test_a_group_that_has_the_name_keeps_it() -> None:
    wanted = WANTED._replace(packages=WANTED.packages | {"flashinfer"})
    (pin,) = look(Source("requirements.txt", b"flashinfer==0.1.6\n"), wanted).pins
    assert pin.subject == "flashinfer"
