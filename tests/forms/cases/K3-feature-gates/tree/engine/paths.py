from packaging.version import Version

import flashinfer

if Version(flashinfer.__version__) < Version("0.6.8.post1"):
    raise ImportError("too old")
HAS_SINKS = Version(flashinfer.__version__) >= Version("0.6.9")
MIN_FLASHINFER_VERSION = "0.6.8.post1"
