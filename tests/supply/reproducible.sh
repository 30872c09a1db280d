#!/usr/bin/env bash
# The packages built twice, in two folders with files of different ages, are the same bytes.
# usage: reproducible.sh PYTHON-ENVIRONMENT HOST-TARGET
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=$PWD/$1 host=$2 root=$PWD out=$PWD/build/reproducible
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH CARGO_BUILD_TARGET=$host
# The date and the umask are part of an archive, the time zone and the language of some.
export TZ=UTC LC_ALL=C
umask 022
rm -rf "$out"

copy() {
    local folder=$out/$1 age=$2
    mkdir -p "$folder" "$out/packages-$1"
    git ls-files -z | tar --null -cf - -T - | tar -xf - -C "$folder"
    find "$folder" -exec touch -h -d "$age" {} +
    cp -R bindings-node/node_modules "$folder/bindings-node/node_modules"
}

build() {
    local folder=$out/$1
    (
        # Paths end up in panic messages and in what C has of assertions.
        export RUSTFLAGS="--remap-path-prefix=$folder=/bearergate --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
        export CFLAGS="-ffile-prefix-map=$folder=/bearergate -ffile-prefix-map=${CARGO_HOME:-$HOME/.cargo}=/cargo"
        cd "$folder/bindings-node"
        npx napi build --platform --release --no-js --dts build/native.d.ts --target "$host"
        npm pack --silent --pack-destination "$out/packages-$1" >/dev/null
        cp ./*.node "$out/packages-$1"
        cd ../bindings-python
        "$venv/bin/maturin" build --release --locked --quiet --interpreter "$venv/bin/python" --out "$out/packages-$1"
        "$venv/bin/maturin" sdist --out "$out/packages-$1"
    )
    rm -rf "$folder/target"
}

copy first 2001-02-03
copy second-and-elsewhere 2020-10-11
build first
build second-and-elsewhere

different=0
for package in "$out"/packages-first/*; do
    name=$(basename "$package")
    if cmp -s "$package" "$out/packages-second-and-elsewhere/$name"; then
        echo "identical: $name $(sha256sum "$package" | cut -c1-16)"
    else
        echo "different: $name"
        different=$((different + 1))
    fi
done
# A path that is left would make it differ on the next machine.
if grep -rlaF -e "$root" -e "${CARGO_HOME:-$HOME/.cargo}/registry" "$out"/packages-*/*.node; then
    echo "a path of this machine is left in the addon"
    different=$((different + 1))
fi
echo "reproducible: $different different"
exit $((different > 0))
