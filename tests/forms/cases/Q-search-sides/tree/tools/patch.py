import re


def patched(text):
    text = text.replace("flashinfer-python==0.6.6", "flashinfer-python==0.6.8.post1")
    return re.sub(r"flashinfer-cubin==0.6.6", "flashinfer-cubin==0.6.8.post1", text)
