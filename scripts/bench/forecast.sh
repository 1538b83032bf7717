#!/usr/bin/env bash
# The forecast of every pair of 64 branches beside `git merge-tree` for each of them.
#
#   scripts/bench/forecast.sh [BRANCHES [ROUNDS]]     64 branches and 3 rounds unless told otherwise
#
# Ends with exit code 1 when a figure is beyond what it may be on an idle machine of two cores, or
# when git finds another answer.
set -euo pipefail
cd "$(dirname "$0")/../.."
bench=$(cargo build --release --locked --quiet --bench forecast --message-format=json |
    sed -n 's/.*"name":"forecast".*"executable":"\([^"]*\)".*/\1/p')
"$bench" pairs "${1:-64}" "${2:-3}"
