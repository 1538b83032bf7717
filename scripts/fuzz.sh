#!/bin/sh
# Fuzzes what reads other people's text: tasks files, settings files, journals, the output of agents.
#
#   scripts/fuzz.sh [SECONDS [TARGET...]]
#
# Each target runs for SECONDS (600), one after another, at the lowest priority, from the seeds in
# tests/fuzz/seeds and from what earlier runs found (target/fuzz-corpus). Stops at the first finding;
# the input that shows it is then in tests/fuzz/artifacts. Wants a nightly toolchain and cargo-fuzz
# (`cargo install cargo-fuzz`); without them it says so and does nothing.
set -eu

cd "$(dirname "$0")/.."

seconds=${1:-600}
[ $# -eq 0 ] || shift
if [ $# -eq 0 ]; then
    set -- tasks_toml orchestrator_toml journal_rows agent_output test_results
fi

if ! cargo fuzz --version > /dev/null 2>&1; then
    echo 'no cargo-fuzz here, nothing was fuzzed: cargo install cargo-fuzz'
    exit 0
fi
if ! cargo +nightly --version > /dev/null 2>&1; then
    echo 'no nightly toolchain here, nothing was fuzzed: rustup toolchain install nightly'
    exit 0
fi

for target in "$@"; do
    printf '\n== fuzz %s, %s s\n' "$target" "$seconds"
    corpus=target/fuzz-corpus/$target
    mkdir -p "$corpus"
    # An input may take 10 s and 1 GiB: what takes more is a finding.
    nice -n 19 cargo +nightly fuzz run --fuzz-dir tests/fuzz --target-dir target/fuzz "$target" \
        "$corpus" "tests/fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=16384 -print_final_stats=1
done
