"""Which files fit which Python versions and machines."""

from __future__ import annotations

import pytest
from packaging.version import Version

from fi_bump.index.model import File
from fi_bump.index.targets import Targets, targets_of, unfit


def file(name: str, requires_python: str | None = None) -> File:
    """Return a file of version 1.0."""
    return File(name, "", Version("1.0"), requires_python=requires_python)


@pytest.mark.parametrize(
    ("tags", "pythons", "machines"),
    [
        ("py3-none-any", "3.9 3.14", "x86_64 aarch64"),
        ("py2.py3-none-any", "3.9 3.14", "x86_64 aarch64"),
        ("cp312-cp312-manylinux_2_28_x86_64", "3.12", "x86_64"),
        ("cp39-abi3-manylinux_2_28_x86_64", "3.9 3.12 3.14", "x86_64"),
        ("cp312-cp312-manylinux_2_17_aarch64.manylinux2014_aarch64", "3.12", "aarch64"),
        ("cp312-cp312-linux_x86_64", "3.12", "x86_64"),
        ("py310-none-any", "3.10 3.12", "x86_64"),
        ("py3-none-manylinux_2_28_x86_64", "3.9 3.12", "x86_64"),
    ],
)
def test_a_wheel_that_fits(tags: str, pythons: str, machines: str) -> None:
    files = [file(f"kit-1.0-{tags}.whl")]
    assert unfit(files, Targets(tuple(pythons.split()), tuple(machines.split()))) is None


@pytest.mark.parametrize(
    ("tags", "python", "machine"),
    [
        ("cp312-cp312-manylinux_2_28_x86_64", "3.11", "x86_64"),
        ("cp312-cp312-manylinux_2_28_x86_64", "3.13", "x86_64"),
        ("cp312-cp312-manylinux_2_28_x86_64", "3.12", "aarch64"),
        ("cp312-abi3-manylinux_2_28_x86_64", "3.11", "x86_64"),
        ("cp312-cp312-win_amd64", "3.12", "x86_64"),
        ("cp312-cp312-macosx_11_0_arm64", "3.12", "aarch64"),
        ("cp312-cp312-musllinux_1_2_x86_64", "3.12", "x86_64"),
        ("pp310-pypy310_pp73-manylinux_2_28_x86_64", "3.10", "x86_64"),
        ("py310-none-any", "3.9", "x86_64"),
        ("cp312-none-any", "3.13", "x86_64"),
    ],
)
def test_a_wheel_that_does_not(tags: str, python: str, machine: str) -> None:
    files = [file(f"kit-1.0-{tags}.whl")]
    assert unfit(files, Targets((python,), (machine,))) == f"has no file for Python {python} on Linux {machine}"


def test_a_source_distribution_fits_everywhere() -> None:
    assert unfit([file("kit-1.0.tar.gz")], Targets(("3.9", "3.14"), ("x86_64", "ppc64le"))) is None


@pytest.mark.parametrize(
    ("requires", "python", "reason"),
    [
        (">=3.10", "3.9", "needs Python >=3.10, not 3.9"),
        (">=3.10,<3.14", "3.14", "needs Python >=3.10,<3.14, not 3.14"),
        (">=3.10.4", "3.10", None),
        ("<4", "3.12", None),
        ("nonsense", "3.12", None),
        (None, "3.12", None),
    ],
)
def test_requires_python_of_a_release(requires: str | None, python: str, reason: str | None) -> None:
    assert unfit([file("kit-1.0-py3-none-any.whl", requires)], Targets((python,))) == reason


@pytest.mark.parametrize(
    ("requires", "pythons"),
    [
        (None, ("3.12",)),
        (">=3.10,<3.13", ("3.10", "3.11", "3.12")),
        (">=3.10.5,<3.12", ("3.10", "3.11")),
        ("nonsense", ("3.12",)),
        (">=4", ("3.12",)),
    ],
)
def test_the_targets_of_a_repository(requires: str | None, pythons: tuple[str, ...]) -> None:
    assert targets_of(requires) == Targets(pythons)


def test_marker_environments() -> None:
    environments = Targets(("3.11", "3.12"), ("x86_64", "aarch64")).environments
    assert [(each["python_version"], each["platform_machine"]) for each in environments] == [
        ("3.11", "x86_64"),
        ("3.11", "aarch64"),
        ("3.12", "x86_64"),
        ("3.12", "aarch64"),
    ]
    assert {each["sys_platform"] for each in environments} == {"linux"}
