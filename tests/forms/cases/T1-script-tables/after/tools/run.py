#!/usr/bin/env -S uv run --script
# /// script
# dependencies = [
#   "flashinfer-python[cu13]==0.6.11.post2",  # with the kernels
#   "flashinfer-cubin>=0.6",
# ]
# ///
import flashinfer
