EAPI=8
SRC_URI="https://github.com/flashinfer-ai/flashinfer/archive/refs/tags/v${PV}.tar.gz -> ${P}.gh.tar.gz"
