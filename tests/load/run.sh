#!/usr/bin/env bash
# run.sh [--smoke] PYTHON...: every load script, in Node and under each of the given CPythons. With
# --smoke in a few seconds and with exact counts only: figures of a busy machine say nothing.
set -uo pipefail
cd "$(dirname "$0")"

flood=() scale=1 seconds=10
if [ "${1-}" = --smoke ]; then
    flood=(--smoke) scale=0.001 seconds=2
    shift
fi

passed=0 failed=0
run() {
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

node=${NODE:-node}
run "$node" node/cold.mjs
run "$node" node/flood.mjs "${flood[@]}"
run "$node" node/refused.mjs "${flood[@]}"
run "$node" --expose-gc node/memory.mjs --scale "$scale"
for python in "$@"; do
    run "$python" python/cold.py
    run "$python" python/flood.py "${flood[@]}"
    run "$python" python/threads.py --seconds "$seconds"
    run "$python" python/memory.py --scale "$scale"
done
echo "load: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
