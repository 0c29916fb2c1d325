flashinfer_version = "0.6.8.post1"
