#!/bin/sh
# How long people wait before anything happens: `--version`, and `plan` of 200 tasks on a repository
# of 5,000 files, beside `git status` on the same repository as a yardstick for the machine.
#
#   scripts/bench/latency.sh [BINARY]      default: target/release/wt-orch, built if need be
#
# Prints the median and the slowest of 21 runs each. Aims: 10 ms and 100 ms on an idle machine of 2
# cores; compare the ratio to `git status` rather than times of different machines.
set -eu

cd "$(dirname "$0")/../.."
program=${1:-target/release/wt-orch}
[ -n "${1:-}" ] || cargo build --release --locked --quiet
program=$(cd "$(dirname "$program")" && pwd)/$(basename "$program")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME="$work/home" XDG_CONFIG_HOME="$work/home/.config"
mkdir -p "$HOME" "$work/repo"
cd "$work/repo"
git init --quiet --initial-branch=main
folder=0
while [ $folder -lt 50 ]; do
    mkdir "d$folder"
    file=0
    while [ $file -lt 100 ]; do
        echo "$folder $file" > "d$folder/f$file.txt"
        file=$((file + 1))
    done
    folder=$((folder + 1))
done
git add --all
git -c user.name=bench -c user.email=bench@localhost commit --quiet --message base

# Every third task stands behind the one before it; claims of neighbours in a folder overlap.
{
    echo 'name = "latency"'
    task=0
    while [ $task -lt 200 ]; do
        printf '[[task]]\nid = "t%d"\nrun = "true"\ncheck = "true"\n' $task
        printf 'estimate = "%ds"\ncpus = 0.3\n' $((5 + task * 37 % 300))
        printf 'owns = ["d%d/f%d*.txt"]\n' $((task % 50)) $((task % 10))
        [ $((task % 3)) -ne 2 ] || printf 'depends_on = ["t%d"]\n' $((task - 1))
        task=$((task + 1))
    done
} > "$work/tasks.toml"

# Median and maximum of 21 runs of "$@", in milliseconds.
measure() {
    name=$1
    shift
    "$@" > "$work/out" 2>&1
    runs=0
    : > "$work/times"
    while [ $runs -lt 21 ]; do
        begin=$(date +%s%N)
        "$@" > "$work/out" 2>&1
        end=$(date +%s%N)
        echo $(((end - begin) / 10000)) >> "$work/times"
        runs=$((runs + 1))
    done
    sort -n "$work/times" | awk -v name="$name" '
        { t[NR] = $1 / 100 }
        END { printf "%-34s median %7.2f ms   slowest %7.2f ms\n", name, t[11], t[NR] }'
}

measure 'wt-orch --version' "$program" --version
measure 'wt-orch plan, 200 tasks, 5,000 files' "$program" plan "$work/tasks.toml"
measure 'git status, the same repository' git status
