FLASHINF_REF="v0.6.12"
uv pip install flashinfer-cubin==$FLASHINF_REF
