if not check_version("flashinfer-python", "0.6.8.post1"):
    use_fallback()
ready = verify("flashinfer-python", "0.6.8.post1")
check_version_at_least("flashinfer-python", "0.6.8.post1")
run(check_version("flashinfer-python", "0.6.8.post1"))
run(
    check_version("flashinfer-python", "0.6.8.post1"),
)
need("flashinfer-python", "0.6.8.post1")
require_version("flashinfer-python", "0.6.7")
self.packages.require("flashinfer-python", "0.6.11.post2", reason="of the kernels")
check_package(
    # the wheel
    name="flashinfer-cubin",
    version="0.6.11.post2",
)
