"""versions.lock.json, the single source of truth: loading says where something is wrong, dumping is canonical.

`schemas/versions.lock.schema.json` describes the format, and a test compares the two. Only the loader checks what a
schema cannot express: a site in two groups, for example.
"""
