"""The data file of families, against the index: members share releases, and no package of a family is left out."""

from __future__ import annotations

import pytest
from packaging.version import Version

from fi_bump.families import families
from fi_bump.index import configuration
from fi_bump.index.cache import Cache
from fi_bump.index.client import Client, wheel_for_metadata
from fi_bump.index.http import Http
from fi_bump.index.model import Project

# Members that the configured index does not have, or whose last releases are elsewhere; and former names, whose
# releases ended.
ELSEWHERE = frozenset(["flashinfer-cubin", "flashinfer-jit-cache"])
FORMER = frozenset(["sgl-kernel"])


def test_the_names_of_a_family_start_alike() -> None:
    for name, family in families().items():
        assert family.packages[0].name.startswith(name)
        stem = name.partition("-")[0][:3]
        assert {each.name[:3] for each in family.packages} == {stem}


@pytest.mark.network
@pytest.mark.parametrize("name", sorted(families()))
def test_a_family_against_the_index(name: str) -> None:
    """Each member has one of the family's newest releases, and what a release pins to its own version is a member."""
    client = Client(Http(Cache(None)))
    indexes = configuration.find().urls
    members = [each for each in families()[name].package_names if each not in ELSEWHERE]
    projects = {each: client.project(each, indexes) for each in members}
    newest = _releases(projects[next(each for each in members if each not in FORMER)])[-20:]
    for each in members:
        if each not in FORMER:
            assert set(newest) & set(_releases(projects[each])), each
    left_out = set()
    for each in members:
        versions = _releases(projects[each])
        file = wheel_for_metadata(projects[each].of(versions[-1])) if versions else None
        for requirement in client.metadata(file).requires if file is not None else ():
            same = any(
                spec.operator == "==" and "*" not in spec.version and Version(spec.version) == versions[-1]
                for spec in requirement.specifier
            )
            if same and requirement.name.startswith(members[0].partition("-")[0]):
                left_out |= {requirement.name} - set(members)
    assert left_out == set()


def _releases(project: Project) -> list[Version]:
    return sorted(version for version in project.versions() if not version.is_prerelease)
