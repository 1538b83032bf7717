#!/usr/bin/env bash
# Worktrees of this program beside those of git and beside bare writing of the same bytes.
#
#   scripts/bench/provision.sh REPO...     repositories of some thousand files; nothing in them stays
#
# As root on Linux the worktrees stand on an ext4 of their own in memory, made anew for every sample:
# a file system in use gets slower by what was deleted on it before. Elsewhere they stand in $TMPDIR.
# ROUNDS (3) samples each; every ratio is one of the same round, and the median is shown. With
# `worktrunk` (`wt`) on the PATH it takes part. Ends with exit code 1 when a median is beyond what it
# may be on an idle machine of two cores.
set -euo pipefail

[ $# -gt 0 ] || { sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2; }
cd "$(dirname "$0")/../.."
rounds=${ROUNDS:-3}
cargo build --release --locked --quiet
bench=$(cargo build --release --locked --quiet --bench provision --message-format=json |
    sed -n 's/.*"name":"provision".*"executable":"\([^"]*\)".*/\1/p')
program=$PWD/target/release/wt-orch
work=$(mktemp -d)
trees=$work/trees
image=/dev/shm/wt-orch-bench-$$.img
mkdir "$trees"
trap 'cd /; unmount; rm -rf "$work" "$image"' EXIT
export HOME=$work/home XDG_CONFIG_HOME=$work/home/.config XDG_STATE_HOME=$work/home/.local/state
mkdir "$HOME"
git config --global user.name bench
git config --global user.email bench@localhost
git config --global gc.auto 0
git config --global advice.detachedHead false

unmount() { if mountpoint -q "$trees"; then umount "$trees"; fi; }

# An empty place for worktrees.
fresh() {
    unmount
    if [ -n "$loop" ]; then
        rm -f "$image"
        truncate -s 16G "$image"
        mkfs.ext4 -q "$image"
        mount -o loop "$image" "$trees"
    else
        rm -rf "$trees"
        mkdir "$trees"
    fi
    git -C "$repo" worktree list --porcelain | sed -n 's/^worktree //p' | tail -n +2 |
        while read -r path; do git -C "$repo" worktree unlock "$path" 2>/dev/null || true; done
    git -C "$repo" worktree prune
    git -C "$repo" for-each-ref --format='delete %(refname)' refs/heads/bench refs/heads/feature |
        git -C "$repo" update-ref --stdin
    rm -rf "$repo/.git/wt-orch"
}

# `wall cpu` of a command in seconds.
measure() {
    local TIMEFORMAT='%3R %3U %3S'
    { time "$@" > "$work/out" 2> "$work/err" || { cat "$work/err" >&2; exit 1; }; } 2>&1 |
        awk 'NF == 3 { print $1, $2 + $3; done = 1 } END { if (!done) exit 1 }'
}

by_git() {
    for number in $(seq "$1"); do
        git -C "$repo" worktree add -q -b "bench/g$number" "$trees/g$number"
    done
}
remove_by_git() {
    for number in $(seq "$1"); do git -C "$repo" worktree remove "$trees/g$number"; done
}
by_worktrunk() {
    for number in $(seq "$1"); do (cd "$repo" && wt switch --create --no-cd "bench/g$number"); done
}

# Median of the numbers on standard input.
median() { sort -n | awk '{ v[NR] = $1 } END { printf "%.2f", v[int((NR + 1) / 2)] }'; }

# One line of the table: name, then for each column the median and, behind it, what it may be at
# most; `file:limit`.
row() {
    local name=$1 found limit
    shift
    printf '%-28s' "$name"
    for column in "$@"; do
        found=$(median < "$work/${column%%:*}")
        limit=${column#*:}
        if [ "$limit" = "$column" ]; then
            printf ' %14s' "$found"
        else
            printf ' %14s' "$found ($limit)"
            awk -v a="$found" -v b="$limit" 'BEGIN { exit a > b }' || beyond=$((beyond + 1))
        fi
    done
    printf '\n'
}
beyond=0

note() { awk -v a="$2" -v b="$3" 'BEGIN { printf "%.4f\n", a / b }' >> "$work/$1"; }

loop=
if [ "$(id -u)" = 0 ] && [ -d /dev/shm ] && command -v mkfs.ext4 > /dev/null; then
    truncate -s 64M "$image" && mkfs.ext4 -q "$image"
    if mount -o loop "$image" "$trees" 2> /dev/null; then loop=yes; umount "$trees"; fi
fi

for source in "$@"; do
    repo=$work/repo
    rm -rf "$repo"
    git clone -q --no-checkout "$source" "$repo"
    git -C "$repo" reset -q --mixed > /dev/null
    files=$(git -C "$repo" ls-files | wc -l)
    printf '\n%s: %s files%s\n' "$(basename "$source")" "$files" "${loop:+, ext4 in memory}"
    printf '%-28s %14s %14s %14s\n' '(at most)' 'wall/git' 'cpu/git' 'wall/plain'
    for count in 1 4 8 16; do
        rm -f "$work"/r.*
        for _ in $(seq "$rounds"); do
            fresh
            measured=$(measure by_git "$count")
            read -r git_wall git_cpu <<< "$measured"
            fresh
            measured=$(measure "$bench" provision "$repo" "$trees" "$count")
            read -r wall cpu <<< "$measured"
            if [ "$count" = 4 ]; then
                measured=$(measure git -C "$trees/w0" status --porcelain)
                read -r first _ <<< "$measured"
                [ ! -s "$work/out" ] || { echo "status is not clean" >&2; exit 1; }
                measured=$(measure git -C "$trees/w0" status --porcelain)
                read -r second _ <<< "$measured"
                note r.status "$first" "$second"
            fi
            fresh
            plain=$("$bench" plain "$repo" "$trees" "$count")
            note r.wall "$wall" "$git_wall"
            note r.cpu "$cpu" "$git_cpu"
            note r.plain "$wall" "$plain"
            if command -v wt > /dev/null; then
                fresh
                measured=$(measure by_worktrunk "$count")
                read -r peer _ <<< "$measured"
                note r.peer "$peer" "$git_wall"
            fi
        done
        case $count in
            1) row "N = $count" r.wall:0.75 r.cpu r.plain:2.00 ;;
            4) row "N = $count" r.wall:0.45 r.cpu r.plain:1.40 ;;
            *) row "N = $count" r.wall:0.40 r.cpu:0.65 r.plain:1.25 ;;
        esac
        [ ! -f "$work/r.peer" ] || row '     worktrunk' r.peer
        [ ! -f "$work/r.status" ] || row 'first status, of the second' r.status:1.50
        rm -f "$work/r.status"
    done

    rm -f "$work"/r.*
    for number in 1 2 3 4 5 6 7 8; do
        printf '[[task]]\nid = "w%d"\nrun = "true"\n' "$number"
    done > "$work/tasks.toml"
    for _ in $(seq "$rounds"); do
        fresh
        by_git 8
        measured=$(measure remove_by_git 8)
        read -r git_wall _ <<< "$measured"
        fresh
        cd "$repo"
        WT_ORCH_WORKTREE_PATH="$trees/{task}" "$program" split "$work/tasks.toml" --parallel=8 \
            > "$work/out" 2>&1
        measured=$(measure "$program" clean)
        read -r wall _ <<< "$measured"
        cd "$OLDPWD"
        note r.clean "$wall" "$git_wall"
    done
    row 'clean of 8' r.clean:0.60

    # A commit in which twenty files are longer by a line.
    export GIT_INDEX_FILE=$work/index
    git -C "$repo" read-tree HEAD
    git -C "$repo" ls-files -s | awk '$1 ~ /^100/ && NR % 37 == 1 && n++ < 20' > "$work/some"
    while read -r mode id _ path; do
        id=$({ git -C "$repo" cat-file blob "$id"; echo; } | git -C "$repo" hash-object -w --stdin)
        git -C "$repo" update-index --cacheinfo "$mode,$id,$path"
    done < "$work/some"
    next=$(git -C "$repo" write-tree)
    unset GIT_INDEX_FILE
    next=$(echo next | git -C "$repo" commit-tree "$next" -p HEAD)
    git -C "$repo" update-ref refs/bench/next "$next"
    for _ in $(seq "$rounds"); do
        fresh
        measured=$(measure by_git 8)
        read -r git_wall _ <<< "$measured"
        fresh
        "$bench" shelve "$repo" "$trees" 8
        measured=$(measure "$bench" reuse "$repo" "$trees" 8)
        read -r wall _ <<< "$measured"
        note r.reuse "$wall" "$git_wall"
    done
    row 'reuse of 8, 20 files differ' r.reuse:0.10

    if [ -x /usr/bin/time ]; then
        fresh
        /usr/bin/time -f %M -o "$work/memory" git -C "$repo" worktree add -q -b bench/g "$trees/g"
        fresh
        /usr/bin/time -f %M -o "$work/memory.ours" "$bench" provision "$repo" "$trees" 8
        awk 'NR == FNR { git = $1; next } { printf "%-28s %8.1f MB, git %.1f MB\n", \
            "peak memory, N = 8", $1 / 1024, git / 1024 }' "$work/memory" "$work/memory.ours"
    fi
    fresh
done

[ "$beyond" = 0 ] || { printf '\n%s figures beyond what they may be\n' "$beyond"; exit 1; }
