import flashinfer

FLASHINFER_VERSION = "0.6.8"


def supported() -> bool:
    return flashinfer.__version__ == FLASHINFER_VERSION or flashinfer.__version__ in ("0.6.8.post1", "0.6.7")


if flashinfer.__version__ != "0.6.8.post1":
    raise ImportError("wrong release")
