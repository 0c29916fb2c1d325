import modal

FLASHINFER_VERSION = "0.6.12"
image = modal.Image.debian_slim().pip_install(f"flashinfer-python[cu13]=={FLASHINFER_VERSION}", "flashinfer-cubin==0.6.12")
