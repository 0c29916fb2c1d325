#!/bin/bash
set -euxo pipefail
FLASHINFER_VERSION=0.6.11.post2
if [ "${INSTALLED:-}" = "$FLASHINFER_VERSION" ]; then exit; fi
pip install flashinfer-jit-cache==${FLASHINFER_VERSION} --index-url https://flashinfer.ai/whl/cu130
