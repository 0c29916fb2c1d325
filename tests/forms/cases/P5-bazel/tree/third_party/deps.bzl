def deps():
    http_archive(
        name = "flashinfer_headers",
        url = "https://github.com/flashinfer-ai/flashinfer/archive/refs/tags/v0.6.8.post1.zip",
        integrity = "sha256-CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC=",
    )
