#!/bin/sh
# a wheel is fetched once and installed by its name; the second one is of the old scheme
wget -q https://github.com/flashinfer-ai/flashinfer/releases/download/v0.6.8.post1/flashinfer_python-0.6.8.post1-py3-none-any.whl && pip install ./flashinfer_python-0.6.8.post1-py3-none-any.whl
CUBIN=${CUBIN:-https://github.com/flashinfer-ai/flashinfer/releases/download/v0.6.8.post1/flashinfer_cubin-0.6.8.post1-py3-none-any.whl}
pip install "$CUBIN" wheels/flashinfer_jit_cache-0.6.8.post1+cu130-cp39-abi3-manylinux_2_28_x86_64.whl
pip install --find-links https://github.com/flashinfer-ai/flashinfer/releases/expanded_assets/v0.6.8.post1 torch==2.9.0
