#!/usr/bin/env bash
# Many short commands through executor and journal beside `xargs -P8`, and the memory that talkative
# ones take.
#
#   scripts/bench/run.sh [ROUNDS]     20 rounds unless told otherwise; a file system of the temporary
#                                     files that is a real disk, since every fact waits for it
#
# Ends with exit code 1 when a figure is beyond what it may be on an idle machine of two cores.
set -euo pipefail
cd "$(dirname "$0")/../.."
bench=$(cargo build --release --locked --quiet --bench run --message-format=json |
    sed -n 's/.*"name":"run".*"executable":"\([^"]*\)".*/\1/p')
beyond=0
"$bench" speed "${1:-20}" || beyond=1
"$bench" memory || beyond=1
exit "$beyond"
