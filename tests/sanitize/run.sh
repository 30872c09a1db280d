#!/bin/sh
# The core's tests and both packages' under the address sanitizer, the core's threads under the thread
# sanitizer. What this machine cannot do is skipped, and said at the end with its reason.
#
# run.sh PYTHON: an interpreter that has the packages' development dependencies.
set -eu
python=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/sanitize
host=$(rustc -vV | sed -n 's/^host: //p')
skipped=
mkdir -p "$build"
cd "$root"

skip() {
	skipped="$skipped
  skipped: $1"
}

# Sets the toolchain up for a sanitizer and more flags; false where none has its runtime.
choose() {
	found=$("$here/runtime.sh" "$1")
	[ -n "$found" ] || return 1
	toolchain=${found%% *}
	runtime=${found#* }
	[ "$toolchain" = - ] || export RUSTUP_TOOLCHAIN="$toolchain"
	export RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$build/$1" RUSTFLAGS="-Zsanitizer=$1 ${2-}"
}

# A shared library of the runtime, for processes whose executable is not ours. The part that starts it
# before all libraries cannot be in one, and is not needed in one that is loaded first.
preloadable() {
	command -v cc >/dev/null && command -v ar >/dev/null || return 1
	cp "$runtime" "$build/runtime.a"
	ar d "$build/runtime.a" asan_preinit.cpp.o
	cc -shared -o "$build/runtime.so" -Wl,--whole-archive "$build/runtime.a" -Wl,--no-whole-archive -lpthread -ldl -lm
}

# What is loaded is what was built here: the packages with the instrumented libraries in them.
lay_out() {
	rm -rf "$build/run"
	mkdir -p "$build/run/bindings-node" "$build/run/tests/processes" "$build/run/python"
	for part in bindings-node/*; do
		case $part in
		*/node_modules) ln -s "$root/$part" "$build/run/$part" ;;
		*.node | */src | */target) ;;
		*) cp -R "$part" "$build/run/bindings-node" ;;
		esac
	done
	cp -R README.md docs "$build/run"
	cp -R tests/processes/node "$build/run/tests/processes"
	cp -R bindings-python/python/bearergate "$build/run/python"
	rm -f "$build"/run/python/bearergate/_native*.so
	libraries=$build/address/$host/debug
	cp "$libraries/libbearergate_node.so" "$build/run/bindings-node/$(basename bindings-node/bearergate.*.node)"
	cp "$libraries/lib_native.so" "$build/run/python/bearergate/_native.abi3.so"
}

# Leaks are not looked for in them: V8 and CPython keep memory until the process ends.
with_runtime() {
	ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 LD_PRELOAD="$build/runtime.so" "$@"
}

# Without its pool pyo3 aborts where a thread drops a Python object without the GIL.
if choose address "--cfg pyo3_disable_reference_pool"; then
	echo "== core, address sanitizer"
	BEARERGATE_SLOWDOWN=5 cargo test --locked --quiet --target "$host" -p bearergate-core --lib --tests
	if [ "$(uname)" != Linux ]; then
		skip "both packages: the runtime is preloaded as on Linux"
	elif ! preloadable; then
		skip "both packages: no cc or ar to make a library of the runtime with"
	else
		cargo build --locked --quiet --target "$host" -p bearergate-node -p bearergate-python
		lay_out
		echo "== Node, address sanitizer"
		# Left out: what packs and installs, reads documentation, or gives its processes an environment without the runtime.
		tests=$(ls "$build"/run/bindings-node/test/*.test.mjs | grep -vE '/(cli|pack|documentation|exports)\.')
		with_runtime node --test --test-reporter=dot $tests "$build/run/tests/processes/node/hammer.test.mjs"
		echo "== Python, address sanitizer"
		PYTHONMALLOC=malloc PYTHONPATH="$build/run/python" with_runtime "$python" -m pytest -q -p no:cacheprovider bindings-python/tests
	fi
else
	skip "address sanitizer: no toolchain here has its runtime"
fi

unset RUSTUP_TOOLCHAIN
# The standard library is as it comes, which is not instrumented.
if choose thread -Cunsafe-allow-abi-mismatch=sanitizer; then
	echo "== core, thread sanitizer"
	# Left out: tests whose answer comes through a Condvar of the standard library, after which the sanitizer takes
	# each access to it for a race; `loom` tries those orders. What the harness captures it would take for one too.
	TSAN_OPTIONS="suppressions=$here/thread-suppressions.txt" \
		BEARERGATE_SLOWDOWN=50 cargo test --locked --quiet --target "$host" -p bearergate-core --lib -- --nocapture
else
	skip "thread sanitizer: no toolchain here has its runtime"
fi

echo "sanitize: done$skipped"
