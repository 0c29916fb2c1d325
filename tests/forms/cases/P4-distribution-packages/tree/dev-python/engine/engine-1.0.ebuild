EAPI=8
FLASHINFER_VERSION="0.6.8.post1"
SRC_URI="https://github.com/flashinfer-ai/flashinfer/archive/refs/tags/v${FLASHINFER_VERSION}.tar.gz"
