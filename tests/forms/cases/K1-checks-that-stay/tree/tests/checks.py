assert_pkg_version("flashinfer-python", "0.6.8.post1")
