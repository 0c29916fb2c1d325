"""The image of the demo, once built with flashinfer-python==0.5.1."""

WHEEL = (
    "https://github.com/flashinfer-ai/flashinfer/releases/download/v0.6.8.post1/"
    "flashinfer_jit_cache-0.6.8.post1%2Bcu130-cp39-abi3-manylinux_2_28_x86_64.whl"
)
image = base.pip_install("git+https://github.com/flashinfer-ai/flashinfer.git@v0.6.8.post1", WHEEL).run_commands(
    "pip install https://github.com/flashinfer-ai/flashinfer/releases/download/v0.2.2/flashinfer_python-0.2.2+cu124torch2.6-cp38-abi3-linux_x86_64.whl",
)
