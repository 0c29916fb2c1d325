"""What a change of the lock moves, told to people: `pr-body`, `set --pr-body` and `set --commit`.

Nothing of it is imported by a plain `set` or `check`.
"""
