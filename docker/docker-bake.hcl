# docker buildx bake -f docker/docker-bake.hcl -f docker/versions.json
# The versions stand in versions.json alone, which fi-bump keeps.

group "default" {
  targets = ["smoke"]
}

target "smoke" {
  context    = "."
  dockerfile = "docker/Dockerfile"
  tags       = ["fi-bump-smoke:${FLASHINFER_VERSION}"]
  args = {
    CUDA_VERSION       = CUDA_VERSION
    FLASHINFER_VERSION = FLASHINFER_VERSION
  }
}

# The command alone, without CUDA and torch: for CI that checks pins. docker buildx bake -f docker/docker-bake.hcl cli
target "cli" {
  context    = "."
  dockerfile = "docker/cli.Dockerfile"
  tags       = ["fi-bump:latest"]
}
