#!/usr/bin/env bash
# venv.sh 3.13: makes .venv-3.13 with the pinned tools, and the package itself in editable form.
# The native module is built unoptimized; `--release` as second argument optimizes it.
set -euo pipefail
cd "$(dirname "$0")"

version=$1
venv=.venv-$version
if [ ! -x "$venv/bin/python" ]; then
    python=$(python3 ../tests/e2e/python/interpreters.py "$version")
    "$python" -m venv "$venv"
fi
if ! cmp -s requirements-dev.txt "$venv/requirements-dev.txt"; then
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
    cp requirements-dev.txt "$venv/requirements-dev.txt"
fi
VIRTUAL_ENV=$PWD/$venv "$venv/bin/maturin" develop --quiet "${@:2}"
