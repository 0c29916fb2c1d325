import re


def patched(text):
    text = text.replace("flashinfer-python==0.6.6", "flashinfer-python==0.6.11.post2")
    return re.sub(r"flashinfer-cubin==0.6.6", "flashinfer-cubin==0.6.11.post2", text)
