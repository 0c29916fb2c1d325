"""The image of the worker; flashinfer-python==0.5.2 was its first release."""

import modal

image = modal.Image.debian_slim().pip_install(
    "flashinfer-python==0.6.11.post2", "flashinfer-cubin==0.6.11.post2", "torch==2.9.0"
)
