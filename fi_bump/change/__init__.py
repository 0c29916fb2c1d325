"""Describe a change of the lock for people: `pr-body`, `set --pr-body` and `set --commit`.

A plain `set` or `check` imports nothing from this folder.
"""
