const FLASHINFER_VERSION = "0.6.8.post1";
