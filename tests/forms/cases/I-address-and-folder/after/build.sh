FLASHINFER_VERSION=0.6.11.post2
curl -o flashinfer-0.6.11.post2.tar.gz "https://github.com/flashinfer-ai/flashinfer/archive/refs/tags/v${FLASHINFER_VERSION}.tar.gz"
tar xf flashinfer-0.6.11.post2.tar.gz
cd flashinfer-0.6.11.post2
