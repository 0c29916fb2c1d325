"""Package indexes: a package's releases, their files, hashes, dates and metadata.

Only `connections` opens connections, and only `cache` stores answers. `pages` and `metadata` parse the answers,
`configuration` finds the indexes to ask, and `client` asks several of them at once.
"""
