"""`fi-bump smoke`: test an installed wheel on a GPU and give a verdict.

The modules here run outside the target interpreter. Those in `probes` run inside it and import nothing from fi-bump.
"""
