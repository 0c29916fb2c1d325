#!/bin/sh
# Install a wheel into an empty environment and run the demo with it: what a user gets, without this checkout's package.
# Usage: wheel_smoke.sh WHEEL. The dependencies are from the index that pip is configured for.
set -eu
wheel=$1
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/environment"
"$scratch/environment/bin/python" -m pip install --quiet --disable-pip-version-check "$wheel"
cd "$scratch" # Python must not find the package of the checkout.
"$scratch/environment/bin/fi-bump" --version
test -f "$scratch/environment/share/man/man1/fi-bump.1"
"$scratch/environment/bin/python" -c 'import fi_bump, os, sys; sys.exit(not os.path.realpath(fi_bump.__file__).startswith(os.path.realpath(sys.prefix)))'
# The demo makes a repository of its own. It must not ask an index: this is a test of the wheel.
FI_BUMP_OFFLINE=1 sh "$here/../examples/demo.sh" "$scratch/environment/bin/fi-bump"
