variable "flashinfer_version" {
  type    = string
  default = "0.6.11.post2"
}
locals { flashinfer_version = "0.6.11.post2" }
resource "x" "y" {
  user_data = <<-EOT
    #!/bin/bash
    pip install flashinfer-python==0.6.11.post2
  EOT
  inline = ["pip install \"flashinfer-cubin==0.6.11.post2\"", "x"]
  for = { for k, v in var.x : k => v... if v != "a" }
}
