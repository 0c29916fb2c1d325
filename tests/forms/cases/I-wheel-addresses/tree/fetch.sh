wget https://github.com/flashinfer-ai/flashinfer/releases/download/v0.6.8.post1/flashinfer_jit_cache-0.6.8.post1+cu130-cp39-abi3-manylinux_2_28_x86_64.whl#sha256=ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
wget https://github.com/flashinfer-ai/flashinfer/releases/download/v${V}/flashinfer_jit_cache-${V}-cp39-abi3-linux_x86_64.whl
