class Flashinfer < Formula
  homepage "https://docs.example"
  url "https://github.com/flashinfer-ai/flashinfer/archive/refs/tags/v0.6.8.post1.tar.gz"
  sha256 "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"

  resource "flashinfer-cubin" do
    url "https://mirror.example/packages/abababababababababababababababababababababababababababababab/flashinfer_cubin-0.6.8.post1.tar.gz"
    sha256 "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
  end

  resource "torch" do
    url "https://mirror.example/torch-2.9.0.tar.gz"
    sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  end
end
