REPO=https://github.com/flashinfer-ai/flashinfer
git clone "$REPO" fi
cd fi
git fetch --tags
git reset --hard v0.6.11.post2
