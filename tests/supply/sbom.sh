#!/usr/bin/env bash
# What is inside each package, as CycloneDX: every crate that is compiled in, and what is needed beside it.
# usage: sbom.sh TOOLS FOLDER
set -euo pipefail
cd "$(dirname "$0")/../.."

tools=$1 folder=$2
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
mkdir -p "$folder"

for package in node python; do
    PATH=$tools/bin:$PATH cargo cyclonedx --quiet --manifest-path "bindings-$package/Cargo.toml" --format json \
        --spec-version 1.5 --target all --no-build-deps --override-filename sbom.cdx
    node tests/supply/sbom.mjs "$package" bindings-$package/sbom.cdx.json "$folder/bearergate-$package.cdx.json"
    # One is written beside each crate of the workspace.
    find core bindings-node bindings-python tests -maxdepth 3 -name sbom.cdx.json -delete
done
