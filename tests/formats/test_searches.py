"""Text that describes another file: the search side of a substitution pins nothing, what it writes instead does."""

from __future__ import annotations

import pytest

from fi_bump.formats.by_name import format_of
from fi_bump.formats.finders import finder
from fi_bump.pins import Found, Source
from tests.formats import laws, scaling
from tests.formats.results import WANTED

OLD, NEW = "flashinfer-python==0.6.0", "flashinfer-python==0.6.1"
CUBIN = "flashinfer-cubin==0.6.1"


def found(path: str, text: str) -> Found:
    form = format_of(path)
    assert form is not None
    return finder(form)(Source(path, text.encode()), WANTED)


SCRIPTS = [
    f"sed -i 's/{OLD}/{NEW}/' a.txt",
    f"sed -i -e 's|{OLD}|{NEW}|g;s#flashinfer-cubin==0.6.0#{CUBIN}#' a.txt",
    f'sed -E "1,9s@^{OLD}.*@{NEW}@" a.txt',
    f"sed -i 's/{OLD}/{NEW}/g' a.txt && pip install {CUBIN}",
    f"sed -i '/{OLD}/d' a.txt",
    f"sed -i '/^{OLD}$/c\\{NEW}' a.txt",
    f"sed -n '/{OLD}/p' a.txt",
    f"perl -pi -e 's{{{OLD}}}{{{NEW}}}' a.txt",
    f"perl -ne 'print if /{OLD}/' a.txt",
    f"grep -q '{OLD}' a.txt || pip install {NEW}",
    f'if ! grep -Fxq -e "{OLD}" -- a.txt; then pip install {NEW}; fi',
    f"git grep -n {OLD} && pip install {NEW}",
    f"rg --type txt {OLD} && pip install {NEW}",
    f"awk '/{OLD}/{{print $1}}' a.txt",
    f'TEXT="${{TEXT//{OLD}/{NEW}}}"',
    f"patch -p1 <<'EOF'\n--- a/a.txt\n+++ b/a.txt\n@@ -1,3 +1,3 @@\n {OLD}\n-{OLD}\n+{NEW}\nEOF\npip install {CUBIN}",
]


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("path", ["a.sh", "Dockerfile", "a.yml", "Makefile"])
def test_a_script(path: str, script: str) -> None:
    if "\n" in script and path in ("Dockerfile", "Makefile"):
        return  # A heredoc belongs to the shell.
    indented = "".join(f"    {line}\n" for line in script.split("\n"))
    wrapped = {"a.sh": f"{script}\n", "Dockerfile": f"RUN {script}\n", "a.yml": f"- run: |\n{indented}"}
    text = wrapped.get(path, f"a:\n\t{script.replace('$', '$$')}\n")
    result = found(path, text)
    assert [pin.version for pin in result.pins] == ["0.6.1"] * text.count("==0.6.1")
    assert result.unpinned == ()
    laws.hold(lambda data: found(path, data.decode()), text.encode(), "0.6.11.post2", "1.0rc1")


@pytest.mark.parametrize(
    "line",
    [
        f't = t.replace("{OLD}", "{NEW}")',
        f't = re.sub(\n    r"{OLD}",\n    "{NEW}",\n    t,\n)',
        f'pattern = re.compile("{OLD}")',
        f'if "{OLD}" in t:\n    x = ["{NEW}"]',
        f'assert "{OLD}" not in t',
        f'self.assertIn("{OLD}", t)',
        f't.startswith("{OLD}")',
        f"subprocess.run(\"sed -i 's/{OLD}/{NEW}/' a.txt && pip install x\", shell=True)",
    ],
)
def test_python(line: str) -> None:
    result = found("a.py", line + "\n")
    assert [pin.version for pin in result.pins] == ["0.6.1"] * line.count("==0.6.1")
    assert result.unpinned == ()


@pytest.mark.parametrize("key", ["regexp", "search_string", "insertafter"])
def test_the_keys_of_ansible(key: str) -> None:
    result = found("a.yml", f"- lineinfile:\n    {key}: '{OLD}'\n    line: '{NEW}'\n")
    assert [(pin.anchor, pin.version) for pin in result.pins] == [("lineinfile.line/flashinfer-python", "0.6.1")]


def test_a_grep_of_what_is_installed_is_a_comparison() -> None:
    for script in (f"pip freeze | grep -q {NEW}\n", "pip list | grep flashinfer-python | grep 0.6.1\n"):
        result = found("a.sh", script)
        assert result.pins == ()
        assert [place.reason.partition(":")[0] for place in result.unpinned] == ["compared in a one-liner"]


@pytest.mark.parametrize(
    "script",
    [
        f"pip install https://h/s/x {NEW} https://h/s/y",
        f"pip install --no-deps {NEW}  # sed -i 's/a/b/'",
        f"ls -l /usr/s/lib && pip install {NEW}",
        f"echo {NEW} > a.txt && grep -c . a.txt",
    ],
)
def test_what_is_no_search(script: str) -> None:
    assert [pin.version for pin in found("a.sh", script + "\n").pins] == ["0.6.1"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", [f"sed 's/{OLD}/{NEW}/' a;", "s/", "s|a", "grep '", "/a ", "${X/", "@@ -1 +1 @@\n-a\n", "sed /", "awk '/"]
)
def test_time_is_linear(piece: str) -> None:
    text = f"pip install {NEW}\nsed grep "
    assert scaling.is_linear(
        lambda data: found("a.sh", data.decode()), lambda count: (text + piece * count).encode(), 2000
    )
