#!/usr/bin/env bash
# What is depended on: licences, sources and bans always; known vulnerabilities where their database can
# be reached, and with a message where it cannot. usage: audit.sh TOOLS
#
# BEARERGATE_ADVISORIES names a folder with a clone of the RustSec database to use instead of the network.
set -euo pipefail
cd "$(dirname "$0")/../.."

tools=$1 skipped=0
skip() {
    echo "skipped: $*"
    skipped=$((skipped + 1))
}

deny=("$tools/bin/cargo-deny" --config deny.toml --workspace)

for lock in $(git ls-files '*Cargo.lock'); do
    workspace=$(dirname "$lock")
    echo "--- $workspace"
    # What a peer is built with is banned from the product.
    [ "$workspace" = . ] && checks=(bans licenses sources) || checks=(licenses sources)
    "${deny[@]}" --manifest-path "$workspace/Cargo.toml" check "${checks[@]}"
done

echo "--- RustSec"
if [ -n "${BEARERGATE_ADVISORIES:-}" ]; then
    config=$(mktemp)
    trap 'rm -f "$config"' EXIT
    sed "s#^\[advisories\]#&\ndb-path = \"$BEARERGATE_ADVISORIES\"#" deny.toml >"$config"
    "$tools/bin/cargo-deny" --config "$config" --workspace check --disable-fetch advisories
elif timeout 120 "${deny[@]}" fetch db >/dev/null 2>&1; then
    "${deny[@]}" check --disable-fetch advisories
else
    skip "the RustSec database cannot be reached"
fi

for lock in $(git ls-files '*package-lock.json'); do
    folder=$(dirname "$lock")
    echo "--- $folder"
    report=$(cd "$folder" && npm audit --json 2>/dev/null) || true
    if [ "$(node -e 'console.log("vulnerabilities" in JSON.parse(process.argv[1] || "{}"))' "$report")" != true ]; then
        skip "npm's advisories cannot be reached"
        break
    fi
    (cd "$folder" && npm audit --audit-level=high)
done

echo "--- bindings-python"
report=$("$tools/pip-audit/bin/pip-audit" --disable-pip --require-hashes --requirement bindings-python/requirements-dev.txt \
    --progress-spinner off --format json 2>/dev/null) && failed=0 || failed=$?
audited=$(node -e '
    const { dependencies = [] } = JSON.parse(process.argv[1] || "{}");
    console.log(dependencies.filter(({ vulns }) => vulns !== undefined).length);' "$report")
if [ "$audited" -eq 0 ]; then
    skip "the Python index gives no advisories"
elif [ "$failed" -ne 0 ]; then
    node -e '
        for (const { name, version, vulns = [] } of JSON.parse(process.argv[1]).dependencies) {
            for (const { id, fix_versions: fixes } of vulns) console.log(`${name} ${version}: ${id}, fixed in ${fixes}`);
        }' "$report"
    exit 1
else
    echo "$audited packages, no known vulnerability"
fi
echo "audit: $skipped skipped"
