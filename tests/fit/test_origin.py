"""The release in which each kind of finding came up, among releases that are read from a folder."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from packaging.version import Version

from fi_bump.errors import FiBumpError
from fi_bump.findings.rules import Rule
from fi_bump.fit import origin
from fi_bump.fit.compiled import miscounted
from fi_bump.fit.engine.files import RepositoryFiles
from fi_bump.fit.engine.repository import engine_uses
from fi_bump.fit.engine.state import Subject
from fi_bump.fit.engine.uses import Reference, Use, UseKind
from fi_bump.fit.judge import grouped, judge
from fi_bump.fit.model import ApiFinding, Since
from fi_bump.fit.notes import Notes
from fi_bump.fit.origin import MOST_BETWEEN, Step, traced
from fi_bump.fit.packages import KnownApi, NativeApi
from fi_bump.fit.release import ReleaseSide
from fi_bump.fit.sources import ReleaseSources
from fi_bump.fit.wheel.library import Library
from fi_bump.pins import Place
from fi_bump.report.api.text import detail_lines, since_word
from tests.conftest import plant
from tests.fit.folder import Folder

NATIVE = NativeApi(("kit/csrc/",), frozenset(["_cached_module"]), "binding", ("KIT_EXPORT",), ("KIT_CHECK",))


class Releases:
    """The releases of kit; those without files cannot be read."""

    def __init__(self, files: dict[str, dict[str, str] | None]) -> None:
        self.files = files
        self.read: list[str] = []
        self.releases = self

    def side(self, version: str) -> ReleaseSide:
        """A release."""
        self.read.append(version)
        files = self.files[version]
        if files is None:
            raise FiBumpError("unreadable")
        return ReleaseSide("kit", version, Library(Folder(files)))

    def between(self, old: str, new: str) -> list[str]:
        """The releases between two others."""
        return [each for each in self.files if Version(old) < Version(each) < Version(new)]

    def note_unreadable(self) -> None:
        """Nothing is kept here."""

    def uploaded(self, version: str) -> str:
        """A day."""
        return f"2026-05-{int(version[-1]) + 1:02}"


@pytest.fixture(autouse=True)
def native(monkeypatch: pytest.MonkeyPatch) -> None:
    """kit has compiled functions."""
    monkeypatch.setattr(origin, "known_api", lambda package: KnownApi(package, native=NATIVE))


def found(
    tmp_path: Path,
    engine: str,
    releases: Releases,
    pinned: str = "1.2",
    proposed: str | None = None,
    *,
    trace_notes: bool = True,
) -> dict[tuple[Rule, str, str], ApiFinding]:
    """The findings with the releases in which they came up, by rule, symbol and detail."""
    plant(tmp_path, {"engine.py": engine.encode()})
    subject = Subject(frozenset(["kit"]), frozenset(["kit"]), NATIVE.attributes)
    code = engine_uses(RepositoryFiles(str(tmp_path)).read, ["engine.py"], subject)
    old, new = releases.side(pinned), releases.side(proposed or [*releases.files][-1])
    raised = [
        *judge(code.uses, old, new),
        *Notes(old, new, NATIVE).of(code.uses),
        *miscounted(code.private, old, new, NATIVE),
    ]
    releases.read.clear()
    move = Step(cast(ReleaseSources, releases), old, new, "github.com/kit/kit", trace_notes)
    return {(each.rule, each.symbol, each.detail): traced(each, move) for each in grouped(raised)}


def versions(findings: dict[tuple[Rule, str, str], ApiFinding]) -> dict[tuple[Rule, str], str | None]:
    """The releases alone."""
    return {(rule, symbol): each.since.version if each.since else None for (rule, symbol, _), each in findings.items()}


def series(*texts: str | None, name: str = "kit/__init__.py") -> Releases:
    """Releases 1.0, 1.1, … of a package of one module."""
    return Releases({f"1.{number}": None if text is None else {name: text} for number, text in enumerate(texts)})


PLAIN = "def run(q, k=1, tile=None): ...\n"
CASES = [
    (PLAIN, "def walk(q): ...\n", Rule.API_REMOVED, "kit.run"),
    (PLAIN, "def run(q, k=1): ...\n", Rule.API_KEYWORD, "run"),
    (PLAIN, "def run(q, k, tile, new): ...\n", Rule.API_REQUIRED, "run"),
    (PLAIN, "def run(q, new=0, k=1, tile=None): ...\n", Rule.API_POSITIONAL, "run"),
    (PLAIN, "def run(q, *, tile=None, k=1): ...\n", Rule.API_ARITY, "run"),
    (
        PLAIN,
        "import warnings\ndef run(q, k=1, tile=None):\n    warnings.warn('deprecated: use walk()', DeprecationWarning)\n",
        Rule.API_DEPRECATED,
        "run",
    ),
]


@pytest.mark.parametrize("at", range(3, 9))
@pytest.mark.parametrize(("old", "new", "rule", "symbol"), CASES, ids=[str(each[2].value) for each in CASES])
def test_the_release_of_a_change(tmp_path: Path, old: str, new: str, rule: Rule, symbol: str, at: int) -> None:
    releases = series(*[old] * at, *[new] * (9 - at))
    findings = found(tmp_path, "import kit\nkit.run(1, 2, tile=3)\n", releases)
    assert versions(findings)[rule, symbol] == f"1.{at}"
    (each,) = (each for key, each in findings.items() if key[0] is rule)
    page = f"https://github.com/kit/kit/releases/tag/v1.{at}"
    assert each.since == Since(f"1.{at}", f"2026-05-{at + 1:02}", page)
    assert len(releases.read) <= 3 * len(findings)


@pytest.mark.parametrize("at", range(2, 9))
@pytest.mark.parametrize(("old", "new", "rule", "symbol"), CASES, ids=[str(each[2].value) for each in CASES])
def test_on_a_move_back_it_is_the_release_that_brought_it(
    tmp_path: Path, old: str, new: str, rule: Rule, symbol: str, at: int
) -> None:
    # The releases before 1.{at} are as those after the change above.
    releases = series(*[new] * at, *[old] * (10 - at))
    findings = found(tmp_path, "import kit\nkit.run(1, 2, tile=3)\n", releases, "1.9", "1.1")
    (each,) = (each for key, each in findings.items() if key[0] is rule)
    page = f"https://github.com/kit/kit/releases/tag/v1.{at}"
    assert each.since == Since(f"1.{at}", f"2026-05-{at + 1:02}", page, is_way_back=True)
    word = "changed in" if rule is Rule.API_DEPRECATED else "came with"
    assert "\n".join(detail_lines(each)).count(f"{word}: 1.{at} (2026-05-{at + 1:02}), {page}") == 1
    assert each.symbol == symbol


DYNAMIC = "def __getattr__(name):\n    return load(name)\n"


@pytest.mark.parametrize("unknown", [(), (4,), (3, 4), (4, 5), (3, 4, 5, 6)])
@pytest.mark.parametrize("back", [False, True])
def test_a_release_that_makes_names_at_run_time_does_not_decide(
    tmp_path: Path, unknown: tuple[int, ...], back: bool
) -> None:
    # run() is there in 1.0 to 1.4, or on the way back from 1.5 on; in some releases it may be there.
    texts = [PLAIN if (at < 5) is not back else "def walk(q): ...\n" for at in range(9)]
    for at in unknown:
        texts[at] = DYNAMIC
    (each,) = found(
        tmp_path, "import kit\nkit.run(1)\n", series(*texts), *(("1.8", "1.0") if back else ("1.0", "1.8"))
    ).values()
    assert each.rule is Rule.API_REMOVED
    # Then it is the next release of which it is known.
    first = next(at for at in range(5, 9) if at not in unknown)
    assert each.since is not None
    assert each.since.version == f"1.{first}"


def test_an_attribute_of_an_object_does_not_hide_where_its_class_came(tmp_path: Path) -> None:
    texts = ["def walk(q): ...\n"] * 3 + [DYNAMIC] + ["class Plan(load()):\n    pass\n"] * 4
    engine = "import kit\nplan = kit.Plan()\nplan.size.bit_length()\nkit.Plan.table.get(1)\n"
    traces = found(tmp_path, engine, series(*texts), "1.7", "1.0")
    assert {each.since.version for each in traces.values() if each.since} == {"1.4"}


def test_on_a_move_back_each_check_has_its_release(tmp_path: Path) -> None:
    def release(*names: str) -> str:
        checks = "".join(f"    if {each} is None:\n        raise ValueError('{each} is needed')\n" for each in names)
        return f"def run(q, k=1):\n    pass\n{checks}"

    releases = series(*[release("q", "k")] * 2, *[release("k")] * 3, *[release()] * 4)
    (each,) = found(tmp_path, "import kit\nkit.run(1, k=2)\n", releases, "1.7", "1.0").values()
    assert (each.since and each.since.version, sorted(each.reasons)) == (
        "1.5",
        ["new: k is needed", "new: q is needed (changed in 1.2)"],
    )


def test_code_that_an_older_release_fits_names_the_newest_of_them(tmp_path: Path) -> None:
    releases = series(*[PLAIN] * 4, *["def walk(q): ...\n"] * 4)
    plant(tmp_path, {"engine.py": b"import kit\nkit.run(1)\n"})
    (each,) = found(tmp_path, "import kit\nkit.run(1)\n", releases, "1.6", "1.1").values()
    assert (each.rule, each.repaired) == (Rule.API_PIN, True)
    assert each.since == Since("1.3", "2026-05-04", "https://github.com/kit/kit/releases/tag/v1.3", is_way_back=True)
    assert since_word(each) == "fits up to"


def test_a_release_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    releases = series(*[PLAIN] * 4, None, None, *["def run(q): ...\n"] * 3)
    assert {*versions(found(tmp_path, "import kit\nkit.run(1, k=2)\n", releases)).values()} == {"1.6"}


def test_each_new_check_has_its_release(tmp_path: Path) -> None:
    def release(*names: str) -> str:
        checks = "".join(f"    if {each} is None:\n        raise ValueError('{each} is needed')\n" for each in names)
        return f"def run(q, k=1):\n    pass\n{checks}"

    releases = series(*[release()] * 3, release("k"), release("k"), *[release("q", "k")] * 4)
    (each,) = found(tmp_path, "import kit\nkit.run(1, k=2)\n", releases).values()
    assert each.rule is Rule.API_PRECONDITION
    assert (each.since and each.since.version, each.reasons) == (
        "1.3",
        ("new: k is needed", "new: q is needed (since 1.5)"),
    )


def test_what_was_deprecated_before_has_no_release(tmp_path: Path) -> None:
    text = "import warnings\ndef run(q):\n    warnings.warn('deprecated', DeprecationWarning)\n"
    (each,) = found(tmp_path, "import kit\nkit.run(1)\n", series(*[PLAIN] * 2, *[text] * 3)).values()
    assert (each.rule, each.since) == (Rule.API_DEPRECATED, None)


def test_a_name_that_moved(tmp_path: Path) -> None:
    old = {"kit/__init__.py": "", "kit/a.py": PLAIN, "kit/b.py": ""}
    new = {"kit/__init__.py": "", "kit/a.py": "from kit.b import run\n", "kit/b.py": PLAIN}
    releases = Releases({f"1.{number}": old if number < 5 else new for number in range(8)})
    assert versions(found(tmp_path, "from kit.a import run\n", releases)) == {(Rule.API_MOVED, "kit.a.run"): "1.5"}


def test_a_default(tmp_path: Path) -> None:
    releases = series(*[PLAIN] * 4, *[PLAIN.replace("k=1", "k=2")] * 3)
    assert versions(found(tmp_path, "import kit\nkit.run(1)\n", releases)) == {(Rule.API_DEFAULT, "run"): "1.4"}


def test_the_arguments_of_a_private_function(tmp_path: Path) -> None:
    def release(parameters: str) -> dict[str, str]:
        text = f"int64_t Plan({parameters}) {{ return 1; }}\nKIT_EXPORT(plan, Plan);\n"
        return {"kit/__init__.py": PLAIN, "kit/csrc/plan_binding.cu": text}

    releases = Releases(
        {f"1.{number}": release("int64_t a" if number < 6 else "int64_t a, int64_t b") for number in range(9)}
    )
    code = "import kit\nkit.run(1)\ndef f(wrapper):\n    wrapper._cached_module.plan(1)\n"
    assert versions(found(tmp_path, code, releases)) == {(Rule.API_ARITY, "_cached_module.plan"): "1.6"}


def test_code_that_is_ahead_of_its_pin(tmp_path: Path) -> None:
    releases = series(*["def walk(): ...\n"] * 5, *[PLAIN] * 3)
    (each,) = found(tmp_path, "import kit\nkit.run(1)\n", releases).values()
    assert (each.rule, each.repaired, each.since and each.since.version) == (Rule.API_PIN, True, "1.5")


def test_code_that_was_left_behind(tmp_path: Path) -> None:
    releases = series(*[PLAIN] * 3, *["def run(q): ...\n"] * 6)
    (each,) = found(tmp_path, "import kit\nkit.run(1, k=2)\n", releases, "1.6").values()
    assert (each.rule, each.repaired, each.since and each.since.version) == (Rule.API_PIN, False, "1.3")


def test_code_that_never_fitted(tmp_path: Path) -> None:
    (each,) = found(tmp_path, "import kit\nkit.fly()\n", series(*[PLAIN] * 5)).values()
    assert (each.rule, each.repaired, each.since) == (Rule.API_PIN, False, None)


def test_a_meaning_has_the_first_release_of_its_rule() -> None:
    releases = Releases({each: {} for each in ("0.6.8", "0.6.9", "0.6.11.post1", "0.6.12")})
    sides = [
        ReleaseSide("flashinfer-python", version, Library(Folder({"flashinfer/__init__.py": ""})))
        for version in ("0.6.8", "0.6.12")
    ]
    use = Use(Place("a.py", 1, 1, 2), UseKind.CALL, (Reference("", ("f",)),))
    finding = ApiFinding(Rule.API_MEANING, "f", "hand-made-interleave", "f() …", (use,))
    each = traced(finding, Step(cast(ReleaseSources, releases), sides[0], sides[1], None))
    assert each.since == Since("0.6.11.post1", "2026-05-02", None)
    assert releases.read == []


def test_on_the_way_back_it_is_the_release_that_brought_it(tmp_path: Path) -> None:
    files: dict[str, dict[str, str] | None] = {
        "1.0": {"kit.py": "def run(a): ...\n"},
        "1.1": {"kit.py": "def run(a): ...\n"},
        "1.2": {"kit.py": "def run(a, b=1): ...\ndef fast(): ...\n"},
        "1.3": {"kit.py": "def run(a, b=1): ...\ndef fast(): ...\n"},
    }
    engine = "import kit\nkit.fast()\nkit.run(1, b=2)\n"
    traces = found(tmp_path, engine, Releases(files), "1.3", "1.0")
    came = Since("1.2", "2026-05-03", "https://github.com/kit/kit/releases/tag/v1.2", is_way_back=True)
    assert [(rule, each.since) for (rule, _, _), each in traces.items()] == [
        (Rule.API_REMOVED, came),
        (Rule.API_KEYWORD, came),
    ]
    assert [since_word(each) for each in traces.values()] == ["came with", "came with"]


NOTED = "def run(q, k=2, tile=None):\n    if tile is None:\n        raise ValueError('tile is needed')\n"


@pytest.mark.parametrize(("between", "is_traced"), [(0, True), (MOST_BETWEEN, True), (MOST_BETWEEN + 1, False)])
@pytest.mark.parametrize("back", [False, True])
def test_on_a_long_way_notes_are_not_traced(tmp_path: Path, between: int, is_traced: bool, back: bool) -> None:
    texts = [PLAIN + "def fast(): ...\n", *[NOTED] * (between + 1)]
    releases = series(*(texts[::-1] if back else texts))
    first, *_, last = releases.files
    pinned, proposed = (last, first) if back else (first, last)
    findings = found(
        tmp_path,
        "import kit\nkit.run(1, tile=2)\nkit.fast()\n",
        releases,
        pinned,
        proposed,
        trace_notes=False,
    )
    came = f"1.{between + 1}" if back else "1.1"
    assert versions(findings) == {
        (Rule.API_REMOVED, "kit.fast"): came,
        (Rule.API_DEFAULT, "run"): came if is_traced else None,
        (Rule.API_PRECONDITION, "run"): came if is_traced else None,
    }


def test_notes_on_a_long_way_read_no_release_between(tmp_path: Path) -> None:
    releases = series(PLAIN, *[NOTED] * 8)
    code = "import kit\nkit.run(1, tile=2)\n"
    assert len(found(tmp_path, code, releases, "1.0", trace_notes=False)) == 2
    assert releases.read == []
    assert {*versions(found(tmp_path, code, releases, "1.0", trace_notes=True)).values()} == {"1.1"}


def test_code_that_is_ahead_of_its_pin_is_traced_on_a_long_way_too(tmp_path: Path) -> None:
    releases = series(*["def walk(): ...\n"] * 5, *[PLAIN] * 4)
    (each,) = found(tmp_path, "import kit\nkit.run(1)\n", releases, "1.0", trace_notes=False).values()
    assert (each.rule, each.repaired, each.since and each.since.version) == (Rule.API_PIN, True, "1.5")
