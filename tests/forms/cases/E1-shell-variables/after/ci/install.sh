#!/usr/bin/env bash
set -euo pipefail
export FLASHINFER_VERSION=0.6.11.post2
SPEC="${FLASHINFER_SPEC:-flashinfer-python==0.6.11.post2}"
readonly VLLM_FLASHINFER_VERSION='0.6.11.post2' OTHER_VERSION=0.6.8.post1
pip install "$SPEC" "flashinfer-cubin==${FLASHINFER_VERSION:-0.6.11.post2}"
# FLASHINFER_VERSION=0.5.2 before June
