pip install "vllm[flashinfer]==0.19.0"
pip install flashinfer-python==0.6.12
