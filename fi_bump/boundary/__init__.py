"""What meets the outside: paths of the repository, files and pipes of anybody, other programs, and shown addresses.

The lock and the tree may come from anyone, so every path of theirs is checked here.
"""
