import os
KIT: str = "0.6.12"
OTHER = os.environ.get("OTHER", "v0.6.12")
SHARED = "2.9.0"
x = ["flashinfer-python==" + KIT, "flashinfer-cubin=={}".format(OTHER), "flashinfer-jit-cache==%s" % SHARED, f"torch=={SHARED}"]
y = f"git+https://github.com/flashinfer-ai/flashinfer.git@v{KIT}"
z = ["flashinfer-python==0.6.12"]
