# /// script
# requires-python = ">=3.12"
# dependencies = ["flashinfer-python==0.6.11.post2", "flashinfer-cubin==0.6.11.post2"]
# [tool.uv.sources]
# flashinfer-python = { git = "https://github.com/flashinfer-ai/flashinfer.git", tag = "v0.6.11.post2" }
# ///
import torch
