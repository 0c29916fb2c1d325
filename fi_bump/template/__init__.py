"""The files that users copy, filled in from the lock.

`catalog` says which there are and where they belong, `values` what a lock says about their placeholders, `fill` puts
the one into the other, `command` prints or writes. The sources lie in `templates/`, outside the package.
"""
