from engine.utils import assert_pkg_version


def launch() -> None:
    assert_pkg_version(
        "flashinfer_python",
        "0.6.11.post2",
        "Please install FlashInfer again",
    )
