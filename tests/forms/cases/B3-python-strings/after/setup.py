from setuptools import setup

# flashinfer-python==0.6.7 had a leak
setup(
    name="engine",
    version="0.6.8.post1",
    extras_require={
        "flashinfer": ["flashinfer_python[cu12]==0.6.11.post2"],
        "srt": [
            "torch==2.9.0",
            'flashinfer-cubin==0.6.11.post2 ; sys_platform == "linux"',
        ],
        "any": ["flashinfer-python>=0.6"],
    },
)
