image = base.uv_pip_install("nixl==1.3.1", "nixl-cu12")
run("pip install -U nixl-cu13")
