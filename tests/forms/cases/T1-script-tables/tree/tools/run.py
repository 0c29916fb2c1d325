#!/usr/bin/env -S uv run --script
# /// script
# dependencies = [
#   "flashinfer-python[cu13]==0.6.8.post1",  # with the kernels
#   "flashinfer-cubin>=0.6",
# ]
# ///
import flashinfer
