#!/usr/bin/env bash
# How good schedules and predictions are, and how long planning takes.
#
#   scripts/bench/plan.sh DATA_DIR [--only NAME]
#
# DATA_DIR holds public benchmark data, none of which is part of this repository:
#   psplib/{j30,j60,j120}/*.sm, psplib/{j30,j60,j120}_bounds.csv     projects, instance,lb,ub
#   wfinstances/*.json                                               workflows in WfFormat
#   durations/wfinstances_repeats.csv, durations/conda-lock/*.json   runs that were repeated
# What is missing is named and not measured. Times are of this machine: measure on an idle one. Ends
# with exit code 1 when a limit is missed.
set -euo pipefail

[ $# -gt 0 ] || { sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2; }
data=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/../.."
bench=$(cargo build --release --locked --quiet --bench plan --message-format=json |
    sed -n 's/.*"name":"plan".*"executable":"\([^"]*\)".*/\1/p')
exec "$bench" "$data" "$@"
