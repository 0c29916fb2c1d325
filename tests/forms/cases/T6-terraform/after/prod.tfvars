flashinfer_version = "0.6.11.post2"
