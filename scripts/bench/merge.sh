#!/usr/bin/env bash
# Merges beside git's: 64 branches landed in a repository of 5,000 files, and the merges of real
# histories made once more.
#
#   scripts/bench/merge.sh                the 64 branches, beside a loop of `git merge`
#   scripts/bench/merge.sh REPO [SAMPLE]  500 merges of REPO unless told otherwise, fast-forwards left
#                                         out, with git and without it; REPO stays as it is
#
# Ends with exit code 1 when our train takes too long, when an answer with git is not git's, or when
# a tree without git is not git's.
set -euo pipefail
repo=${1:+$(cd "$1" && pwd)}
cd "$(dirname "$0")/../.."
bench=$(cargo build --release --locked --quiet --bench merge --message-format=json |
    sed -n 's/.*"name":"merge".*"executable":"\([^"]*\)".*/\1/p')
if [ -z "$repo" ]; then
    exec "$bench" integrate
fi
exec "$bench" against "$repo" "${2:-500}"
