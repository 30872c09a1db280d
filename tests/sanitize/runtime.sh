#!/bin/sh
# runtime.sh address|thread: a toolchain that has this sanitizer's runtime, and the runtime. The active
# toolchain is asked first, then all others that rustup has; nothing is printed where none has it.
set -eu
case $1 in
address) name=asan ;;
thread) name=tsan ;;
esac

# A toolchain's sysroot comes from itself, so that no path has to be known.
look() {
	for runtime in "$(rustc ${1:+"+$1"} --print sysroot)"/lib/rustlib/*/lib/librustc-*_rt.$name.*; do
		if [ -e "$runtime" ]; then
			echo "${1:--} $runtime"
			exit
		fi
	done
}

look ''
if command -v rustup >/dev/null; then
	for toolchain in $(rustup toolchain list | cut -d ' ' -f 1); do look "$toolchain"; done
fi
