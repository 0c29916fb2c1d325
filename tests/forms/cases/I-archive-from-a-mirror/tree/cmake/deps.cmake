FetchContent_Declare(kernels
  URL "${MIRROR}/flashinfer-ai/flashinfer/archive/refs/tags/v0.6.8.post1.zip"
)
set(KERNELS_TARBALL "/cache/flashinfer-0.6.8.post1.tar.gz")
