"""What runs inside the target interpreter: standard library, torch and the probed packages, nothing of fi-bump.

`__main__` is started by its path, loads this folder as a package of its own and runs one probe. Modules here import
each other relatively, and torch or flashinfer only inside functions, so that each can be read and tested without a GPU.
"""
