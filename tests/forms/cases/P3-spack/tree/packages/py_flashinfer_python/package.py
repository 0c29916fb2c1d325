from spack.package import *


class PyFlashinferPython(PythonPackage):
    """Kernels."""

    homepage = "https://docs.example"
    pypi = "flashinfer_python/flashinfer_python-0.6.8.post1.tar.gz"

    version("0.6.8.post1", sha256="cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc")
    version("0.6.7", sha256="dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd")

    depends_on("py-torch@2.4:", type=("build", "run"))
