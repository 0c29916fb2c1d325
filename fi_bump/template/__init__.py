"""Files for users to copy, filled in from the lock.

`catalog` lists the templates and their usual paths, `values` computes the values of their placeholders from a lock, and
`fill` inserts the values. The template files are in `templates/`, outside the package.
"""
