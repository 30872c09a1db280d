#!/bin/sh
# Runs the fuzz targets one after the other: run.sh SECONDS [TARGET...]
#
# Built for libFuzzer with the flags of cargo-fuzz that steer it, under the address sanitizer where a toolchain here
# has its runtime. JOBS=2 runs two at a time.
set -eu
seconds=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/fuzz
targets=${*:-$(sed -n 's/^    ("\([a-z_]*\)", targets::.*/\1/p' "$here/src/lib.rs")}
mkdir -p "$build/logs"
export CARGO_TARGET_DIR="$build/target" RUSTC_BOOTSTRAP=1

flags="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
flags="$flags -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
flags="$flags -Cdebug-assertions"
found=$("$root/tests/sanitize/runtime.sh" address)
if [ -n "$found" ]; then
	flags="$flags -Zsanitizer=address"
	[ "${found%% *}" = - ] || export RUSTUP_TOOLCHAIN="${found%% *}"
else
	echo "fuzz: no toolchain here has the address sanitizer's runtime: running without" >&2
fi

cd "$here"
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS=$flags cargo build --locked --quiet --release --target "$host" --bins
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
