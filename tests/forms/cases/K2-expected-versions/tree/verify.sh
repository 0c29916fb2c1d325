python3 - <<'PY'
from importlib import metadata
expected = {
    "torch": "2.9.0",
    "flashinfer-python": "0.6.8.post1",
    "flashinfer-jit-cache": "0.6.8.post1+cu130",
}
PY
python3 -c 'from utils import assert_pkg_version; assert_pkg_version("flashinfer_cubin", "0.6.8.post1", "too old")'
