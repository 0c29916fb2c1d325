"""The GPU stage: a verdict on an installed wheel.

The runner is here and works outside the target interpreter; `probes` runs inside it and imports nothing of fi-bump.
"""
