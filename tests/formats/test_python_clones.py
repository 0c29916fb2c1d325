from __future__ import annotations

import pytest

from fi_bump.formats.python import find
from fi_bump.pins import Source, Wanted

REPOSITORY = "github.com/flashinfer-ai/flashinfer"
WANTED = Wanted(frozenset({"flashinfer-python"}), frozenset({"FLASHINFER_VERSION"}), frozenset({REPOSITORY}))
URL = '"https://github.com/flashinfer-ai/flashinfer.git"'


def pinned(text: str) -> list[tuple[str, str]]:
    """Return the anchor and the version of each pin."""
    return [(pin.anchor, pin.version) for pin in find(Source("setup.py", text.encode()), WANTED).pins]


@pytest.mark.parametrize(
    "text",
    [
        f'Repo.clone_from({URL}, "/opt/kit", branch="v0.6.8")\n',
        f'git.Repo.clone_from(url={URL}, to_path=os.path.join(top, "kit"), branch=f"v0.6.8", depth=1)\n',
        f'Repo.clone_from(\n    {URL},\n    "/opt/kit",\n    multi_options=["--branch v0.6.8", "--depth 1"],\n)\n',
        f'REPO = {URL}\nrepo = git.Repo.clone_from(REPO, folder, branch="0.6.8")\n',
        f'pygit2.clone_repository({URL}, "kit", checkout_branch="v0.6.8")\n',
        'Repo.clone_from("git@github.com:flashinfer-ai/flashinfer.git", "kit", branch="v0.6.8")\n',
    ],
)
def test_a_clone_of_a_library_is_a_pin(text: str) -> None:
    assert pinned(text) == [(f"git clone {REPOSITORY}", "0.6.8")]


def test_the_checkout_belongs_to_the_clone_of_its_variable() -> None:
    clone = f'kit = Repo.clone_from({URL}, "kit")\n'
    assert pinned(f'{clone}kit.git.checkout("v0.6.8")\n') == [(f"git checkout {REPOSITORY}", "0.6.8")]
    assert pinned(f'{clone}other.git.checkout("v0.6.8")\n') == []
    text = f'self.kit = Repo.clone_from({URL}, "kit", no_checkout=True)\nself.kit.git.checkout("v0.6.8")\n'
    assert pinned(text) == [(f"git checkout {REPOSITORY}", "0.6.8")]


@pytest.mark.parametrize(
    "text",
    [
        f'# Repo.clone_from({URL}, "kit", branch="v0.6.8")\n',
        f'def fetch():\n    """Repo.clone_from({URL[1:-1]}, kit, branch=v0.6.8)"""\n',
        f'print(\'Repo.clone_from({URL}, "kit", branch="v0.6.8")\')\n',
        'Repo.clone_from("https://github.com/other/engine", "kit", branch="v0.6.8")\n# flashinfer-ai/flashinfer\n',
        f'Repo.clone_from({URL}, "kit", branch="main")\n',
        f'Repo.clone_from({URL}, "kit", branch=',
    ],
)
def test_what_is_no_clone_of_a_release(text: str) -> None:
    assert pinned(text) == []


def test_the_branch_may_be_a_variable() -> None:
    text = f'TAG = "v0.6.8"\nRepo.clone_from({URL}, "kit", branch=TAG)\n'
    found = find(Source("setup.py", text.encode()), WANTED)
    assert [(use.variable, use.subject) for use in found.uses] == []
    assert pinned(text) == [("TAG", "0.6.8")]


def test_an_unset_branch_is_reported() -> None:
    found = find(Source("setup.py", f"Repo.clone_from({URL}, folder, branch=release)\n".encode()), WANTED)
    assert [(use.variable, use.subject) for use in found.uses] == [("release", REPOSITORY)]
