#!/bin/sh
# Three cargo builds side by side in worktrees, with and without `run.jobserver`: how many rustc
# processes run at once, and how long it takes. The project is made here: 8 crates that depend on
# nothing outside, so that no network is needed.
#
#   scripts/bench/jobserver.sh [BINARY]      default: target/release/wt-orch, built if need be
#
# Samples several times a second the rustc processes of these builds that compile a crate, and prints
# their mean and maximum beside the pool (the cores of the machine), and the ratio of the wall times.
# Aim: with the jobserver the maximum stays within the pool; without it, it goes towards three times
# the cores. The ratio means something on an otherwise idle machine only: beside other load, more
# processes get a larger part of the cores.
set -eu

cd "$(dirname "$0")/../.."
program=${1:-target/release/wt-orch}
[ -n "${1:-}" ] || cargo build --release --locked --quiet
program=$(cd "$(dirname "$program")" && pwd)/$(basename "$program")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
# The toolchain is found through the caller's folders, everything else through new ones.
export CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}"
export HOME="$work/home" XDG_CONFIG_HOME="$work/home/.config"
unset CARGO_MAKEFLAGS MAKEFLAGS MFLAGS CARGO_TARGET_DIR
mkdir -p "$HOME" "$work/repo"
cd "$work/repo"
git init --quiet --initial-branch=main
git config user.name bench
git config user.email bench@localhost
printf '[workspace]\nresolver = "2"\nmembers = ["c*"]\n' > Cargo.toml
printf 'target\n' > .gitignore
crate=0
while [ $crate -lt 8 ]; do
    mkdir -p "c$crate/src"
    printf '[package]\nname = "c%d"\nversion = "0.1.0"\nedition = "2021"\n' $crate > "c$crate/Cargo.toml"
    {
        echo 'use std::collections::{BTreeMap, HashMap};'
        part=0
        while [ $part -lt 20 ]; do
            printf 'pub fn f%d(n: u64) -> String {\n' $part
            printf '    let a: BTreeMap<u64, String> = (0..n).map(|i| (i, format!("{i:?}"))).collect();\n'
            printf '    let b: HashMap<String, [u64; %d]> = a.iter().map(|(k, v)| (v.clone(), [*k; %d])).collect();\n' $((part + 1)) $((part + 1))
            printf '    format!("{a:?} {b:?}")\n}\n'
            part=$((part + 1))
        done
    } > "c$crate/src/lib.rs"
    crate=$((crate + 1))
done
cargo generate-lockfile --offline --quiet
git add --all
git commit --quiet --message base

# Counts until the file is gone: processes (not their threads) that compile a crate below $work.
sample() {
    while [ -e "$work/running" ]; do
        ps -ww -C rustc -o args= | grep -c -- "--crate-name c[0-9].*$work" || true
        sleep 0.1
    done
}

measure() {
    printf '[run]\njobserver = %s\n' "$1" > orchestrator.toml
    for build in a b c; do
        # Each in a worktree that has built nothing.
        printf '[[task]]\nid = "%s-%s"\nrun = "cargo build --offline --quiet"\ncheck = "true"\n' "$1" $build
        printf 'read_only = true\ntimeout = "30m"\n'
    done > "$work/tasks.toml"
    : > "$work/running"
    sample > "$work/samples" &
    sampler=$!
    from=$(date +%s%N)
    "$program" split "$work/tasks.toml" --parallel=3 --quiet > "$work/out" 2>&1 || {
        cat "$work/out" >&2
        rm "$work/running"
        exit 1
    }
    to=$(date +%s%N)
    rm "$work/running"
    wait $sampler
    wall=$(((to - from) / 1000000))
    awk -v name="jobserver = $1" -v wall=$wall -v pool="$(nproc)" '
        $1 > 0 { sum += $1; n += 1 } $1 > most { most = $1 }
        END { printf "%-18s rustc at once: mean %.2f, most %d; pool %d; wall %.1f s; samples %d\n",
              name, n ? sum / n : 0, most, pool, wall / 1000, n }' "$work/samples"
}

measure false
without=$wall
measure true
awk -v with=$wall -v without=$without 'BEGIN { printf "wall with / without: %.2f\n", with / without }'
