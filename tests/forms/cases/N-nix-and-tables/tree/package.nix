{ fetchFromGitHub, buildPythonPackage }:
buildPythonPackage rec {
  pname = "flashinfer-python";
  version = "0.6.8.post1";
  src = fetchFromGitHub {
    owner = "flashinfer-ai";
    repo = "flashinfer";
    tag = "v${version}";
    hash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  };
}
