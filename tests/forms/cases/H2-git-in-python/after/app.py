"""Builds an image. An earlier one had git clone -b v0.6.7 https://github.com/flashinfer-ai/flashinfer."""

import os
import subprocess

import modal

FI = "v0.6.11.post2"
URL = "https://github.com/flashinfer-ai/flashinfer.git"

image = (
    modal.Image.debian_slim()
    .apt_install("git")
    .run_commands(
        f"git clone {URL} --recursive",
        "cd flashinfer && git checkout v0.6.11.post2 && pip install .",
    )
)


def build(folder: str) -> None:
    os.system("git clone --branch v0.6.11.post2 https://github.com/flashinfer-ai/flashinfer")
    subprocess.run(["git", "clone", "--depth", "1", "-b", "v0.6.11.post2", URL, folder], check=True)
    subprocess.run(["git", "clone", URL, folder], check=True)
    subprocess.run(["git", "switch", "--detach", FI], cwd=folder, check=True)
    subprocess.run(["git", "clone", "-b", "v0.6.8.post1", "https://github.com/other/flashinfer"], check=True)


def fetch(folder: str) -> None:
    Repo.clone_from(URL, folder, branch="v0.6.11.post2", depth=1)
    kit = git.Repo.clone_from(
        "https://github.com/flashinfer-ai/flashinfer.git",
        to_path=folder,
    )
    kit.git.checkout("v0.6.11.post2")
    Repo.clone_from("https://github.com/other/flashinfer", folder, branch="v0.6.8.post1")
