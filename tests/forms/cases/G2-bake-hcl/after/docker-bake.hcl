# variable "FLASHINFER_VERSION" { default = "0.5.2" }
variable "FLASHINFER_VERSION" { default = "0.6.11.post2" }
variable "OTHER_VERSION" {
  default = "0.6.8.post1"
}
target "engine" {
  args = { FLASHINFER_VERSION = "0.6.11.post2", TAG = "v${FLASHINFER_VERSION}" }
  tags = ["org/engine:flashinfer-${FLASHINFER_VERSION}"]
}
