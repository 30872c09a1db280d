#!/bin/sh
# Runs the fuzz targets one after the other: run.sh SECONDS [TARGET...]
#
# With cargo-fuzz, under the address sanitizer where a toolchain here has its runtime; where there is no
# cargo-fuzz and none can be installed, by the plain runner of src/bin/replay.rs. JOBS=2 runs two at a time.
set -eu
seconds=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/fuzz
targets=${*:-$(sed -n 's/^    ("\([a-z_]*\)", targets::.*/\1/p' "$here/src/lib.rs")}
mkdir -p "$build/logs"
export CARGO_TARGET_DIR="$build/target" RUSTC_BOOTSTRAP=1
PATH=$root/build/tools/bin:$PATH

if ! command -v cargo-fuzz >/dev/null && ! cargo install --quiet --locked --root "$root/build/tools" cargo-fuzz --version '^0.13'; then
	echo "fuzz: no cargo-fuzz here and none to be had: the plain runner runs all targets" >&2
	cd "$here"
	exec cargo run --locked --quiet --release --no-default-features --bin replay -- "$seconds"
fi

sanitizer=none
found=$("$root/tests/sanitize/runtime.sh" address)
if [ -n "$found" ]; then
	sanitizer=address
	[ "${found%% *}" = - ] || export RUSTUP_TOOLCHAIN="${found%% *}"
else
	echo "fuzz: no toolchain here has the address sanitizer's runtime: running without" >&2
fi

cd "$here"
cargo fuzz build --fuzz-dir . --sanitizer "$sanitizer" --no-cfg-fuzzing
host=$(rustc -vV | sed -n 's/^host: //p')
bin=$CARGO_TARGET_DIR/$host/release
rm -rf "$build/seeds"
"$bin/seeds" "$build/seeds"
"$bin/replay" 0 >"$build/logs/replay.log" 2>&1 &
replay=$!

dictionaries() {
	case $1 in
	token | header | claims | mapping) echo json token ;;
	jwk | jwk_set) echo json jwk ;;
	discovery) echo json url ;;
	options) echo json options jwk ;;
	key_import) echo pem ;;
	duration) echo duration ;;
	http) echo http ;;
	authz) echo json authz ;;
	*) echo headers json ;;
	esac
}

# A second of processor time and the memory of a call are checked by the targets themselves; libFuzzer's
# clock runs while other processes do, so its own limit only ends what hangs.
fuzz() {
	target=$1
	mkdir -p "$build/corpus/$target" "$build/findings/$target"
	for name in $(dictionaries "$target"); do cat "$here/dictionaries/$name.dict"; done >"$build/$target.dict"
	ASAN_OPTIONS=detect_odr_violation=0:allocator_may_return_null=0 \
		"$bin/$target" "$build/corpus/$target" "$build/seeds/$target" -dict="$build/$target.dict" \
		-artifact_prefix="$build/findings/$target/" -max_total_time="$seconds" -max_len=1048576 -timeout=30 \
		-malloc_limit_mb=64 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=1 >"$build/logs/$target.log" 2>&1
}

failed=
running=0
pids=
for target in $targets; do
	fuzz "$target" &
	pids="$pids $target:$!"
	running=$((running + 1))
	if [ "$running" -ge "${JOBS:-1}" ]; then
		for pair in $pids; do wait "${pair#*:}" || failed="$failed ${pair%:*}"; done
		pids=
		running=0
	fi
done
for pair in $pids; do wait "${pair#*:}" || failed="$failed ${pair%:*}"; done

wait "$replay" || failed="$failed replay"

"$here/report.sh" "$build" $targets
tail -n 1 "$build/logs/replay.log"
for target in $failed; do
	echo "fuzz: $target: a finding, or the run broke" >&2
	tail -n 40 "$build/logs/$target.log" >&2
done
[ -z "$failed" ]
