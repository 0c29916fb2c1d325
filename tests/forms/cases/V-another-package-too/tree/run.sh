VERSION=0.6.9
OTHER_VERSION=0.6.9
pip install flashinfer-python==$VERSION
V2=1.2.3
pip install torch==$V2 flashinfer-cubin==$V2
