#!/bin/bash
set -euxo pipefail
FLASHINFER_VERSION=0.6.8.post1
if [ "${INSTALLED:-}" = "$FLASHINFER_VERSION" ]; then exit; fi
pip install flashinfer-jit-cache==${FLASHINFER_VERSION} --index-url https://flashinfer.ai/whl/cu130
