http_archive(
    name = "flashinfer",
    urls = ["https://github.com/flashinfer-ai/flashinfer/archive/refs/tags/v0.6.11.post2.tar.gz"],
    strip_prefix = "flashinfer-0.6.11.post2",
)
