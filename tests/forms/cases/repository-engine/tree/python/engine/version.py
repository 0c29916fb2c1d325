__version__ = "0.6.8.post1"
