session.install("flashinfer-python==0.6.11.post2", "-r", "x")
