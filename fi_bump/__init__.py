"""fi-bump: one lock drives every pin of a GPU package."""

__version__ = "0.1.0"
