FLASHINFER_VERSION=0.6.8.post1
pip install flashinfer-python==${FLASHINFER_VERSION} "flashinfer-cubin==$FLASHINFER_VERSION"
echo "${FLASHINFER_VERSION#v}" "${FLASHINFER_VERSION%%.*}"
