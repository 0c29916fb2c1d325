EXPECTED_PACKAGES = {
    "torch": "2.9.0",
    "flashinfer-python": "0.6.8.post1",
}
EXPECTED_FLASHINFER = "0.6.8.post1"
MIN_VERSIONS = {"flashinfer-python": "0.6.0"}


def main(parser, image):
    parser.add_argument("--flashinfer-version", default="0.6.8.post1")
    image.env({"FLASHINFER_VERSION": "0.6.8.post1"})
    run(["docker", "build", "--build-arg", "FLASHINFER_VERSION=0.6.8.post1", "."])


def test_versions():
    installed = {"flashinfer-python": "1.0"}
