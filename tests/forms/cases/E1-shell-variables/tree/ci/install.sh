#!/usr/bin/env bash
set -euo pipefail
export FLASHINFER_VERSION=0.6.8.post1
SPEC="${FLASHINFER_SPEC:-flashinfer-python==0.6.8.post1}"
readonly VLLM_FLASHINFER_VERSION='0.6.8.post1' OTHER_VERSION=0.6.8.post1
pip install "$SPEC" "flashinfer-cubin==${FLASHINFER_VERSION:-0.6.8.post1}"
# FLASHINFER_VERSION=0.5.2 before June
