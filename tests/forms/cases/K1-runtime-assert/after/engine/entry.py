from engine.utils import assert_pkg_version

assert_pkg_version(
    "flashinfer_python",
    "0.6.11.post2",
    "Install it with: pip install flashinfer_python==0.6.11.post2",
)
