session.install("flashinfer-python==0.6.8.post1", "-r", "x")
