"""What a release offers, read from its source, with Python's own import of the same files as the oracle."""

from __future__ import annotations

import contextlib
import importlib
import inspect
from pathlib import Path

import pytest

from fi_bump.fit.wheel.callables import shape_of
from fi_bump.fit.wheel.library import Library, ThingKind
from tests.fit.folder import Folder, imported

PACKAGE = {
    "kit/__init__.py": """
import functools
from . import nn as nn
from .core import run as run, Wrapper
from .core import hidden as renamed
from .stars import *
from .missing_text import generated  # noqa
try:
    from ._fast import fast
except ImportError:
    def fast(a, b=1): ...
if functools:
    def branch(a): ...
else:
    def branch(a, b): ...
def twice(a): ...
def twice(a, b): ...
number = 3
alias = run
partial = functools.partial(run, 1)
""",
    "kit/missing_text.py": "generated = 1\n",
    "kit/core.py": """
from __future__ import annotations
import functools
from dataclasses import dataclass, field
from typing import NamedTuple, overload, ClassVar
from .tools import api, checked, replaced
from . import tools

def hidden(x): ...
@api
def run(q, k, *, scale=None): ...
@api(trace=1)
def traced(q, out=None): ...
@checked({}, common=None)
def checked_one(q): ...
@functools.cache
def cached(a, /, b): ...
@replaced
def replaced_one(a): ...
@overload
def loaded(a: int) -> int: ...
@overload
def loaded(a: str) -> str: ...
def loaded(a, flag=False): ...

class Base:
    base_value = 1
    def __init__(self, workspace, layout="NHD"):
        self.workspace = workspace
    def plan(self, indptr, *, causal=False): ...
    @staticmethod
    def static(a): ...
    @classmethod
    def made(cls, a): ...
    @property
    def size(self): return 1
    begin = plan
    class Inner:
        def __init__(self, a): ...

class Mixin:
    def mixed(self, a): ...

class Wrapper(Mixin, Base):
    def run(self, q, out=None): ...

class Plain: ...

@dataclass
class Config:
    tokens: int
    name: str = "x"
    shared: ClassVar[int] = 3
    lists: list = field(default_factory=list)
    derived: int = field(init=False, default=0)

@dataclass
class More(Config):
    extra: int = 1
    only: int = field(kw_only=True, default=2)

class Pair(NamedTuple):
    first: int
    second: int = 2

class Open(tools.Foreign):
    def own(self): ...
""",
    "kit/tools.py": """
import functools, enum
from unittest.mock import Mock as Foreign

def api(func=None, *, trace=None):
    if func is None:
        return lambda f: f
    def decorator(f):
        @functools.wraps(f)
        def wrapper(*args, **kwargs):
            return f(*args, **kwargs)
        return wrapper
    return decorator(func)

def checked(checks, common=None):
    def decorator(func):
        def helper(backend): return True
        @functools.wraps(func)
        def wrapper(*args, **kwargs):
            skip = kwargs.pop("skip_check", False)
            return func(*args, **kwargs)
        return wrapper
    return decorator

def replaced(func):
    def other(x, y):
        return func(x)
    return other

class Mode(enum.Enum):
    A = 1
""",
    "kit/stars.py": "from .inner import *\n__all__ = ['listed', 'deep']\ndef listed(a): ...\ndef unlisted(a): ...\n",
    "kit/inner.py": "def deep(a): ...\ndef _private(a): ...\nfrom .stars import *\n",
    "kit/nn/__init__.py": "from .layer import Layer\n",
    "kit/nn/layer.py": "class Layer:\n    def forward(self, x): ...\n",
    "kit/lazy/__init__.py": "def __getattr__(name):\n    return 1\n",
    "kit/built.py": "for name in 'ab':\n    globals()[name] = 1\n",
}

NAMES = [
    "run",
    "Wrapper",
    "Wrapper.run",
    "Wrapper.plan",
    "Wrapper.begin",
    "Wrapper.mixed",
    "Wrapper.base_value",
    "renamed",
    "hidden",
    "listed",
    "deep",
    "unlisted",
    "_private",
    "generated",
    "fast",
    "branch",
    "twice",
    "number",
    "alias",
    "partial",
    "nn.Layer.forward",
    "nn.Layer.backward",
    "nn.layer.Layer",
    "nn.Other",
    "core.Base.Inner",
    "core.api",
    "core.Base.nothing",
    "core.Config",
    "__file__",
    "__version__",
    "functools",
    "core.Pair",
    "lazy.anything",
    "built.a",
    "core.Open.own",
    "core.Base.size",
    "core.Base.static",
    "core.loaded",
    "__name__",
    "core.checked_one",
    "core.More",
    "tools.Mode",
    "tools.Mode.A",
    "tools.Mode.B",
    "core.Plain",
    "core.cached",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_there_where_python_finds_it(name: str, tmp_path: Path) -> None:
    answer = Library(Folder(PACKAGE)).find("kit", tuple(name.split(".")))
    with imported(tmp_path, PACKAGE, "kit") as kit:
        importlib.import_module("kit.core")
        there = True
        thing: object = kit
        for part in name.split("."):
            if isinstance(thing, type(kit)) and not hasattr(thing, part):
                with contextlib.suppress(ImportError):
                    importlib.import_module(f"{thing.__name__}.{part}")
            there = there and hasattr(thing, part)
            thing = getattr(thing, part, None)
    if there:
        assert not answer.is_missing
    else:
        assert answer.is_missing


CALLED = [
    "run",
    "core.traced",
    "core.checked_one",
    "core.cached",
    "core.loaded",
    "fast",
    "twice",
    "alias",
    "renamed",
    "Wrapper",
    "Wrapper.run",
    "Wrapper.begin",
    "core.Base.Inner",
    "core.Base.static",
    "core.Base.made",
    "core.Plain",
    "core.Config",
    "core.More",
    "core.Pair",
    "nn.Layer",
]


@pytest.mark.parametrize("name", CALLED)
def test_a_signature_is_what_python_takes(name: str, tmp_path: Path) -> None:
    library = Library(Folder(PACKAGE))
    (thing,) = library.find("kit", tuple(name.split("."))).things
    shape = shape_of(library, thing, bound=False)
    assert shape is not None
    assert shape.foreign == ()
    with imported(tmp_path, PACKAGE, "kit") as kit:
        real: object = kit
        importlib.import_module("kit.core")
        for part in name.split("."):
            real = getattr(real, part)
        assert callable(real)
        parameters = inspect.signature(real).parameters
    taken = {each.name for each in shape.signature.parameters} - {"skip_check"}
    assert taken == {*parameters}
    needed = {each.name for each in shape.signature.parameters if each.default is None}
    assert needed == {each.name for each in parameters.values() if each.default is each.empty}
    if name == "core.checked_one":
        assert str(shape.signature) == "(q, *, skip_check=…)"


def test_a_method_through_an_object_has_no_self() -> None:
    library = Library(Folder(PACKAGE))
    (thing,) = library.find("kit", ("Wrapper", "plan")).things
    through_object, through_class = shape_of(library, thing, bound=True), shape_of(library, thing, bound=False)
    assert through_object is not None
    assert through_class is not None
    assert (str(through_object.signature), str(through_class.signature)) == (
        "(indptr, *, causal=False)",
        "(self, indptr, *, causal=False)",
    )


@pytest.mark.parametrize(
    "name", ["core.replaced_one", "core.Open", "tools.Mode", "partial", "number", "core.Base.size"]
)
def test_what_cannot_be_told_is_not_judged(name: str) -> None:
    library = Library(Folder(PACKAGE))
    for thing in library.find("kit", tuple(name.split("."))).things:
        assert shape_of(library, thing, bound=True) is None


def test_branches_are_alternatives() -> None:
    things = Library(Folder(PACKAGE)).find("kit", ("branch",)).things
    assert [each.kind for each in things] == [ThingKind.FUNCTION] * 2


@pytest.mark.parametrize(
    ("module", "missing", "is_open"),
    [
        ("kit", False, False),
        ("kit.nn.layer", False, False),
        ("kit.gone", True, False),
        ("other", True, False),
        ("kit.compiled", False, False),
        ("kit.registered", False, True),
        ("kit.bare", False, False),
    ],
)
def test_modules(module: str, missing: bool, is_open: bool) -> None:
    files = {
        **PACKAGE,
        "kit/compiled.cpython-312-x86_64-linux-gnu.so": "",
        "kit/bare/deep/__init__.py": "",
        "kit/__init__.py": "import sys\nsys.modules['kit.registered'] = sys\n",
    }
    answer = Library(Folder(files)).find(module)
    assert (answer.is_missing, answer.is_open) == (missing, is_open)


def test_what_a_compiled_module_holds_is_not_judged() -> None:
    library = Library(Folder({"kit/__init__.py": "", "kit/fast.abi3.so": "", "kit/odd.py": "def ("}))
    assert library.find("kit.fast", ("anything",)).is_open
    assert library.find("kit.odd", ("anything",)).is_open


def test_only_the_folders_that_are_asked_about_are_read() -> None:
    folder = Folder(PACKAGE)
    Library(folder).find("kit", ("renamed",))
    assert set(folder.read) == {"kit/__init__.py", "kit/core.py"}
