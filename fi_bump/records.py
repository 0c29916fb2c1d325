"""`NamedTuple` without the `typing` module, whose import takes a tenth of a whole check.

Type checkers see typing's own NamedTuple. A class is written in the same way: annotated fields, defaults last, methods.
`typing.NamedTuple` compiles source text for each class; here all classes share their methods.
"""

from __future__ import annotations

try:
    from collections import _tuplegetter  # type: ignore[attr-defined]  # not in typeshed; namedtuple is made of it
except ImportError:
    # A private part of the standard library, which only makes fields faster to read.
    from operator import itemgetter

    def _tuplegetter(index: int, doc: str) -> object:
        return property(itemgetter(index), doc=doc)


TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import NamedTuple

    __all__ = ["NamedTuple"]
else:

    class _Meta(type):
        """Make a record class from its annotations; a subclass of a record class is an ordinary class."""

        def __new__(meta, name, bases, namespace):
            if not any(isinstance(base, _Meta) for base in bases):
                return super().__new__(meta, name, bases, namespace)
            fields = tuple(namespace["__annotations__"])
            namespace["_field_defaults"] = {field: namespace[field] for field in fields if field in namespace}
            namespace |= {field: _tuplegetter(index, field) for index, field in enumerate(fields)}
            return super().__new__(
                meta, name, bases, {**namespace, "_fields": fields, "__match_args__": fields, "__slots__": ()}
            )

    class NamedTuple(tuple, metaclass=_Meta):
        """The methods of all records, which behave as those of collections.namedtuple."""

        __slots__ = ()

        def __new__(cls, *values, **named):
            if not named and len(values) == len(cls._fields):
                return tuple.__new__(cls, values)
            if not values and len(named) == len(cls._fields):
                try:
                    return tuple.__new__(cls, map(named.__getitem__, cls._fields))
                except KeyError:  # a wrong name, which is explained below
                    values = ()
            if named or len(values) != len(cls._fields):
                missing = cls._fields[len(values) :]
                given = {**cls._field_defaults, **named}
                if len(values) > len(cls._fields) or not (named.keys() <= set(missing) <= given.keys()):
                    raise TypeError(f"{cls.__name__} takes the fields {', '.join(cls._fields)}, each once")
                values += tuple([given[field] for field in missing])
            return tuple.__new__(cls, values)

        def _replace(self, **named):
            return type(self)(**{**self._asdict(), **named})

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            values = ", ".join([f"{field}={value!r}" for field, value in self._asdict().items()])
            return f"{type(self).__name__}({values})"

        def __getnewargs__(self):
            return tuple(self)
