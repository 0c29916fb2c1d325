"""What a package index says: its releases, their files, hashes, dates and metadata.

`http` is the only module that opens a connection and `cache` the only one that keeps an answer; `pages` and `metadata`
read what came; `configuration` says which index is asked, `client` asks several at once.
"""
