variable "flashinfer_version" {
  type    = string
  default = "0.6.8.post1"
}
locals { flashinfer_version = "0.6.8.post1" }
resource "x" "y" {
  user_data = <<-EOT
    #!/bin/bash
    pip install flashinfer-python==0.6.8.post1
  EOT
  inline = ["pip install \"flashinfer-cubin==0.6.8.post1\"", "x"]
  for = { for k, v in var.x : k => v... if v != "a" }
}
