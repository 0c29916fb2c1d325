"""The probes, which run inside the target interpreter and use nothing from fi-bump.

`__main__` is started by its path, loads this folder as a separate package and runs one probe. The modules import each
other relatively. They import torch and flashinfer only inside functions, so that each can be tested without a GPU.
"""
