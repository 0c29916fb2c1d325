#!/bin/sh
# Bump a scratch copy of examples/engine and show what changed. Usage: demo.sh FI_BUMP
set -eu
fi_bump=$1
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -R "$here/engine" "$scratch/engine"
cd "$scratch/engine"
git init -q . && git add -A
say() { printf '\n$ %s\n' "$*"; }
say fi-bump status; "$fi_bump" status
say fi-bump set 0.6.11.post2; "$fi_bump" set 0.6.11.post2
say git diff; git --no-pager diff --unified=1
say fi-bump check; "$fi_bump" check
