#!/bin/sh
# One line of figures for each target: report.sh BUILD_DIRECTORY TARGET...
set -eu
build=$1
shift
printf '%-14s %12s %8s %7s %7s %7s %8s %9s\n' target executions per-s cov ft corpus rss-MB findings
for target in "$@"; do
	log=$build/logs/$target.log
	last=$(grep -aE '^#[0-9]+.*cov: ' "$log" | tail -n 1)
	word() { echo "$last" | sed -n "s|.* $1: \([0-9]*\).*|\1|p"; }
	stat() { sed -n "s/^stat::$1: *//p" "$log"; }
	found=$(find "$build/findings/$target" -type f | wc -l)
	printf '%-14s %12s %8s %7s %7s %7s %8s %9s\n' "$target" "$(stat number_of_executed_units)" \
		"$(stat average_exec_per_sec)" "$(word cov)" "$(word ft)" "$(word corp)" "$(stat peak_rss_mb)" "$found"
done
