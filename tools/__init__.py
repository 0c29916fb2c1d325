"""Tools for those who work on fi-bump; `python tools/NAME.py` runs one."""
