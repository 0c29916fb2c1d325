"""The second opinion passes correct plans and stops wrong ones, in each format."""

from __future__ import annotations

import pytest

from fi_bump.editing.plan import Move, Plan, PlannedChange, Reading, make_plan
from fi_bump.editing.second_opinion import confirm
from fi_bump.errors import FileError, InternalError
from fi_bump.formats import bake, dockerfile, pyproject, requirements, yaml
from fi_bump.lock.records import Group, Lock, Member
from fi_bump.pins import Edit, Kind, Pin, Source, Span
from fi_bump.scanning.asked import wanted_by
from fi_bump.scanning.scan import Scan

KIT = Group("kit", "2.0.post1", (Member("kit"), Member("kit-cubin")), ("KIT_VERSION",), ("github.com/o/kit",))
LOCK = Lock((KIT,))
FINDERS = {
    "requirements.txt": requirements.find,
    "Dockerfile": dockerfile.find,
    "x.json": bake.find,
    "x.yml": yaml.find,
    "pyproject.toml": pyproject.find,
}
HINT = "this is a bug in fi-bump: please report it with the file"


def honest(path: str, data: bytes) -> Plan:
    """Return the plan that brings one file in step."""
    found = FINDERS[path](Source(path, data), wanted_by(LOCK.groups))
    return make_plan(LOCK, Scan(found.pins, (), (), (), ()))


def tampered(path: str, data: bytes, *edits: tuple[bytes, bytes], line_of: bytes = b"") -> Plan:
    """Return a plan with these replacements, which claims that its pins are at the replaced texts (or at `line_of`)."""
    source = Source(path, data)
    made = [Edit(Span(data.index(old), data.index(old) + len(old)), old, new) for old, new in edits]
    places = [Span(data.index(line_of), data.index(line_of) + 1) if line_of else edit.span for edit in made]
    pins = [Pin(source, place, "a", Kind.REQUIREMENT, "kit") for place in places]
    moves = [Move(pin, edit.new.decode(), (edit,)) for pin, edit in zip(pins, made, strict=True)]
    return Plan(LOCK, (PlannedChange(source, tuple(moves), ()),))


@pytest.mark.parametrize(
    ("path", "data", "moved"),
    [
        ("requirements.txt", b"kit==1.0\n", 1),
        ("requirements.txt", b"\xef\xbb\xbfkit[a] == 1.0 ; python_version<'4'  # why\r\nkit-cubin===1.0\r\n", 2),
        ("requirements.txt", b"kit==1.0+cu130\nkit-cubin(==1.0)\nkit>=0.5,==1.0", 3),
        ("requirements.txt", b"kit \\\n  ==1.0\n", 1),
        # A text that no version equals, which is nobody's fault but the file's.
        ("requirements.txt", b"kit===v1.0\nkit-cubin === V1.0 ; python_version<'4'\n", 2),
        ("requirements.txt", b"kit[a] ===v1.0 \\\n  ; python_version<'4'\nkit-cubin(===v1.0)\n", 2),
        ("requirements.txt", b"kit===v1.0+cu130\nkit-cubin===1.0.POST0\n", 2),
        ("requirements.txt", b"kit==1.0 --config-settings x=y\n", 1),
        ("Dockerfile", b"FROM x\nARG KIT_VERSION=1.0\nRUN pip install kit==1.0 \\\n  kit-cubin==1.0\n", 3),
        ("Dockerfile", b"FROM x\r\nENV A=b KIT_VERSION='1.0'\r\n", 1),
        ("Dockerfile", b"FROM x\nRUN <<EOF\npip install kit==1.0\nEOF\nRUN echo \xff\n", 1),
        ("Dockerfile", b"FROM x\nRUN <<EOF\ncat > x <<X\nkit==1.0\nX\nEOF\nCOPY <<EOF /y\nkit-cubin==1.0\nEOF\n", 2),
        ("x.json", b'{"variable": {"KIT_VERSION": {"default": "1.0"}}}', 1),
        ("x.json", b'\xef\xbb\xbf{"target": {"a": {"args": {"KIT_VERSION": "v1.0+cu1"}}}, "n": [1, null, "\xff"]}', 1),
        ("x.json", b'{"variable": {"KIT_VERSION": {"default": "1.0", "default": "1.1"}}}', 2),
        ("x.yml", b"KIT_VERSION: 1.0\n", 1),
        (
            "x.yml",
            b"\xef\xbb\xbfKIT_VERSION: &v '1.0' # \xff\r\na: *v\r\nrun: |\r\n  pip install kit==1.0 kit-cubin==1.0\r\n",
            3,
        ),
        ("x.yml", b"{% raw %}\nKIT_VERSION: 1.0\n", 1),
        (
            "pyproject.toml",
            b'\xef\xbb\xbf[project]\r\ndependencies = ["kit==1.0", \'kit-cubin == 1.0+cu1\', "a"]\r\n',
            2,
        ),
        ("pyproject.toml", b'tool.uv.sources.kit = {git = "https://github.com/o/kit", tag = "v1.0"}', 1),
    ],
)
def test_a_correct_plan_passes(path: str, data: bytes, moved: int) -> None:
    plan = honest(path, data)
    assert plan.moved == moved
    confirm(plan)


PACKAGING = "packaging does not read"
YAML = "PyYAML reads something"
TOML = "tomlkit does not read the new file as planned"
JSON = "json does not read the new file as planned"


@pytest.mark.parametrize(
    ("plan", "doubt"),
    [
        (tampered("requirements.txt", b"kit==1.0\n", (b"1.0", b"2.0;")), f"{PACKAGING} kit at its new version"),
        (tampered("requirements.txt", b"kit==1.0\n", (b"kit", b"kid")), f"{PACKAGING} kit at its new version"),
        (tampered("requirements.txt", b"kit[a]==1.0\n", (b"[a]", b"[b]")), f"{PACKAGING} kit at its new version"),
        (
            tampered("requirements.txt", b"kit==1.0; extra=='a'\n", (b"'a'", b"'b'")),
            f"{PACKAGING} kit at its new version",
        ),
        (
            tampered("requirements.txt", b"kit>=0.5,==1.0\n", (b"0.5", b"0.6")),
            f"{PACKAGING} 0.6 in the new kit requirement",
        ),
        (tampered("x.json", b'["1", "2"]', (b'"1"', b"1")), JSON),
        (tampered("x.json", b'["1", "2"]', (b'"1"', b'"1","1"')), JSON),
        (tampered("x.json", b'{"a": "1"}', (b"a", b"b")), JSON),
        (tampered("x.json", b'["1", "2"]', (b'1", "2', b'3", "4')), JSON),
        (tampered("x.json", b'["1"]', (b"1", b"1")), JSON),
        (tampered("x.json", b'["1"]', (b"]", b" ]")), JSON),
        (tampered("x.json", b"[true]", (b"true", b"1")), JSON),
        (tampered("pyproject.toml", b'a = "1"', (b'"1"', b"1")), TOML),
        (tampered("pyproject.toml", b'a = "1"', (b'"1"', b'"1')), TOML),
        (tampered("pyproject.toml", b'a = "1"', (b"a", b"b")), TOML),
        (tampered("pyproject.toml", b'a = ["1"]', (b'"1"', b'"1", "2"')), TOML),
        (tampered("pyproject.toml", b'a = ["1"] # 1', (b"# 1", b"# 2")), TOML),
        (
            tampered("Dockerfile", b"FROM x\nARG A=1\n", (b"x", b"y"), line_of=b"ARG"),
            "dockerfile-parse reads a change in line 1, where none was planned",
        ),
        (
            tampered("Dockerfile", b"FROM x\nARG A=1\n", (b"ARG", b"ENV")),
            "dockerfile-parse reads a change in line 2, where none was planned",
        ),
        (
            tampered("Dockerfile", b"FROM x\nARG A=1\nARG B=2\n", (b"A=1", b"A=1\nARG C=3")),
            "dockerfile-parse does not read the new file as planned",
        ),
        (
            tampered("Dockerfile", b"FROM x\nARG A=1\nARG B=2\n", (b"A=1", b"A=1 \\\n  D=4")),
            "dockerfile-parse reads a change in line 2, where none was planned",
        ),
        (tampered("x.yml", b"a: 1\nb: 2\n", (b"b", b"c")), f"{YAML} else than planned in line 2"),
        (tampered("x.yml", b"a: 1\nb: 2\n", (b"1\n", b"2\n"), (b" 2", b" 2")), f"{YAML} else than planned in line 1"),
        (tampered("x.yml", b"a: 1\nb: 2\n", (b"2", b"'2'")), f"{YAML} else than planned in line 2"),
        (tampered("x.yml", b"a: 1\nb: 2\n", (b"2", b"&x 2")), f"{YAML} else than planned in line 2"),
        (tampered("x.yml", b"a: 1\nb: 2\n", (b"2", b"2 #")), f"{YAML} else than planned in line 2"),
        (tampered("x.yml", b"a: 1\nb: 2\n", (b"2", b"2\nc: 3")), "PyYAML does not read the new file as planned"),
        (tampered("x.yml", b"a: '1'\n", (b"1", b"'")), "PyYAML does not read the new file as planned"),
    ],
)
def test_a_wrong_plan_is_stopped(plan: Plan, doubt: str) -> None:
    with pytest.raises(InternalError) as caught:
        confirm(plan)
    path = plan.changes[0].source.path
    assert (str(caught.value), caught.value.hint) == (f"{path}: {doubt}, so nothing was written", HINT)


def test_json_that_is_broken_by_the_edit_is_no_traceback() -> None:
    with pytest.raises(InternalError) as caught:
        confirm(tampered("x.json", b'["1"]', (b'"1"', b'"1')))
    assert str(caught.value) == f"x.json: {JSON}, so nothing was written"


def test_a_file_that_the_parser_could_not_read_before_gets_no_opinion() -> None:
    confirm(tampered("requirements.txt", b"kit == == 1.0\n", (b"1.0", b"2.0")))
    confirm(tampered("pyproject.toml", b'a = "1" b', (b'"1"', b'"2"')))


@pytest.mark.parametrize(
    ("data", "old", "new", "column"),
    [(b"a: 1.9.1\n", b"1.9.1", b"1.10", 4), (b"a:\n- &x 2.9\n", b"2.9", b"2.20", 3)],
)
def test_a_version_that_yaml_reads_as_another_number_needs_quotes(
    data: bytes, old: bytes, new: bytes, column: int
) -> None:
    with pytest.raises(FileError) as caught:
        confirm(tampered("x.yml", data, (old, new)))
    line = data.count(b"\n", 0, data.index(old)) + 1
    number = new.decode().rstrip("0")
    assert str(caught.value) == f"x.yml:{line}:{column}: YAML would read {new.decode()} as the number {number} here"
    assert caught.value.hint == "put quotes around the version there, then run again"


@pytest.mark.parametrize("value", [b"'1.9'", b"!!str 1.9", b"1.20", b"|\n  1.9\n", b"v1.9", b"kit==1.9"])
def test_a_quoted_or_unchanged_version_needs_no_quotes(value: bytes) -> None:
    old = b"1.20" if value == b"1.20" else b"1.9"
    confirm(tampered("x.yml", b"a: " + value + b"\n", (old, b"1.10")))


def test_every_changed_file_gets_an_opinion() -> None:
    first = honest("requirements.txt", b"kit==1.0\n").changes
    second = tampered("x.json", b"[true]", (b"true", b"1")).changes
    with pytest.raises(InternalError) as caught:
        confirm(Plan(LOCK, first + second))
    assert str(caught.value) == f"x.json: {JSON}, so nothing was written"


def test_a_file_that_tomlkit_does_not_read_has_no_second_opinion() -> None:
    # Nested too deeply for tomlkit; the same change in a flat file is refused.
    confirm(tampered("pyproject.toml", b'a = "1"\nb = ' + b"[" * 5000 + b"]" * 5000, (b"a", b"b")))


def moved(data: bytes, *edits: tuple[bytes, bytes], planned: tuple[str, ...] | None = None) -> Plan:
    """Return a plan that moves the first pin, of kit 1.0, to 2.0 and makes these other replacements with it.

    `planned` are the checksums that the plan expects; with None it does not say.
    """
    source = Source("requirements.txt", data)
    made = [
        Edit(Span(data.index(old), data.index(old) + len(old)), old, new) for old, new in [(b"1.0", b"2.0"), *edits]
    ]
    pin = Pin(source, made[0].span, "kit", Kind.REQUIREMENT, "kit")
    reading = Reading(
        anchor="kit", kind=Kind.REQUIREMENT, subject="kit", version="2.0", hashes=planned or (), repeats=()
    )
    expected = () if planned is None else (reading,)
    return Plan(LOCK, (PlannedChange(source, (Move(pin, "2.0", tuple(made)),), expected),))


ONE = b"kit==1.0 --hash=sha256:aa\n"
TWO = b"kit==1.0 \\\n    --hash=sha256:aa \\\r\n    --hash sha512:bb  # --hash=x\n# --hash=y \\\nother==1 --hash=sha256:cc\n"


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(moved(ONE, (b"sha256:aa", b"sha256:bb --hash=sha256:cc")), id="one to two"),
        pytest.param(moved(TWO, (b" \\\r\n    --hash sha512:bb", b"")), id="two to one"),
        pytest.param(moved(TWO, (b"=x", b"=z"), (b"=y", b"=z")), id="comments do not count"),
        pytest.param(moved(TWO.replace(b"\n", b"\r"), (b"sha256:aa", b"sha256:dd")), id="old line ends"),
        pytest.param(moved(b"kit==1.0"), id="none"),
        pytest.param(moved(ONE, (b"sha256:aa", b"sha256:bb"), planned=("sha256:bb",)), id="as many as planned"),
    ],
)
def test_checksums_may_change_with_their_version(plan: Plan) -> None:
    confirm(plan)


@pytest.mark.parametrize(
    ("plan", "doubt"),
    [
        pytest.param(moved(ONE, (b"sha256:aa", b""), planned=()), "line 1 has 1", id="an empty value"),
        pytest.param(moved(ONE, (b" --hash=sha256:aa", b""), planned=()), "line 1 has 1", id="none is left"),
        pytest.param(moved(ONE, (b"sha256:aa", b"sha256:")), "line 1 has 1", id="no digits"),
        pytest.param(moved(ONE, (b"sha256:aa", b"sha256:aasha256:bb")), "line 1 has 1", id="two in one"),
        pytest.param(moved(ONE, (b"sha256:aa", b"sha256:aa --hash=")), "line 1 has 1", id="an empty one more"),
        pytest.param(moved(ONE, (b" --hash", b"  # --hash")), "line 1 has 1", id="in a comment"),
        pytest.param(moved(b"kit==1.0\n", (b"\n", b" --hash=sha256:aa\n")), "line 1 has 0", id="one where none was"),
        pytest.param(moved(TWO, (b" --hash=sha256:cc", b"")), "line 5 has 1", id="another requirement's are lost"),
        pytest.param(moved(TWO, (b"sha256:cc", b"sha256:dd")), "line 5 has 1", id="another requirement's change"),
        pytest.param(moved(ONE, planned=("sha256:aa", "sha256:bb")), "line 1 has 1", id="fewer than planned"),
        pytest.param(moved(ONE, planned=()), "line 1 has 1", id="more than planned"),
    ],
)
def test_lost_checksums_are_noticed(plan: Plan, doubt: str) -> None:
    with pytest.raises(InternalError) as caught:
        confirm(plan)
    message = f"the requirement in {doubt} checksums and would not have those of its release"
    assert (str(caught.value), caught.value.hint) == (f"requirements.txt: {message}, so nothing was written", HINT)


def test_a_checksum_that_becomes_a_line_of_its_own_is_noticed() -> None:
    with pytest.raises(InternalError) as caught:
        confirm(moved(TWO, (b" \\\r\n    --hash sha512:bb", b"\n--hash=sha512:bb")))
    assert str(caught.value) == (
        "requirements.txt: the new file would have another number of requirements, so nothing was written"
    )
