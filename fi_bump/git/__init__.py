"""What fi-bump asks of git: only `door.py` starts it."""
