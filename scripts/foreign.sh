#!/bin/sh
# Takes wt-orch through a repository that nobody here wrote: eight tasks, of which two change the
# same line, one depends on two others, one fails and one times out; then lands, undoes and cleans.
#
#     scripts/foreign.sh [FOLDER] [PATH-OF-WT-ORCH]
#
# FOLDER is any source tree of 1,000 files or more; without one, the three largest crates of the local
# cargo registry are taken together. They are copied to a temporary folder and committed there. The
# user's checkout, index and refs must be bit-identical until the landing. Ends with exit code 0 when
# all is as it should be.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
source=${1:-}
wt_orch=${2:-$root/target/release/wt-orch}
[ -x "$wt_orch" ] || cargo build --release --locked --manifest-path "$root/Cargo.toml"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
registry=${CARGO_HOME:-$HOME/.cargo}/registry/src
export HOME="$work/home" XDG_CONFIG_HOME="$work/home/.config"
mkdir -p "$HOME"
git config --global user.name foreign
git config --global user.email foreign@localhost
repo=$work/repo
mkdir "$repo"
if [ -n "$source" ]; then
    cp -R "$source/." "$repo"
    rm -rf "$repo/.git"
else
    for crate in "$registry"/*/*/; do
        printf '%s %s\n' "$(find "$crate" -type f | wc -l)" "$crate"
    done | sort -rn | head -n 3 | cut -d' ' -f2- | while read -r crate; do
        cp -R "$crate" "$repo"
    done
fi
cd "$repo"
printf 'one line\n' > wt-orch-line.txt
git init --quiet --initial-branch=main
git add --all --force
git commit --quiet --message 'somebody else'
echo "$(git ls-files | wc -l) files of others"

cat > "$work/tasks.toml" <<'TASKS'
name = "foreign"
[defaults]
cpus = 0.2
check = "git diff --quiet HEAD"
[[task]]
id = "line-a"
run = "echo a > wt-orch-line.txt"
[[task]]
id = "line-b"
run = "echo b > wt-orch-line.txt"
[[task]]
id = "left"
run = "mkdir -p wt-orch && echo left > wt-orch/left.txt"
[[task]]
id = "right"
run = "mkdir -p wt-orch && echo right > wt-orch/right.txt"
[[task]]
id = "both"
depends_on = ["left", "right"]
run = "cat wt-orch/left.txt wt-orch/right.txt > wt-orch/both.txt"
[[task]]
id = "fails"
run = "echo half > wt-orch-half.txt; exit 3"
[[task]]
id = "hangs"
run = "sleep 60"
timeout = "1s"
[[task]]
id = "alone"
run = "git ls-files | wc -l > wt-orch-count.txt"
TASKS

# Everything of the user's that must not change: refs but those of the tasks, index, files, stash.
fingerprint() {
    git for-each-ref --format='%(refname) %(objectname)' | grep -v -e refs/heads/feature/ -e refs/wt-orch/
    git symbolic-ref HEAD
    cksum < .git/index
    cksum < .git/config
    find . -path ./.git -prune -o -type f -print | LC_ALL=C sort | while read -r file; do
        cksum "$file"
    done
}

fail() {
    echo "foreign: $*" >&2
    exit 1
}

expect() {
    wanted=$1
    shift
    code=0
    "$wt_orch" "$@" > "$work/out" 2> "$work/err" || code=$?
    [ "$code" -eq "$wanted" ] && return
    cat "$work/out" "$work/err" >&2
    fail "\`wt-orch $*\` ended with $code instead of $wanted"
}

for arm in --parallel=4 --sequential; do
    fingerprint > "$work/before"
    first=$(git rev-parse main)
    expect 1 split "$work/tasks.toml" "$arm"
    fingerprint > "$work/after"
    cmp -s "$work/before" "$work/after" || fail "$arm: the checkout changed before the landing"
    # In one lane the second writer of the line builds on the first, so nothing collides.
    if [ "$arm" = --sequential ]; then landed=0; else landed=3; fi
    expect "$landed" integrate
    [ "$(git show main:wt-orch/both.txt)" = "$(printf 'left\nright')" ] || fail "$arm: both.txt"
    git show main:wt-orch-count.txt > "$work/count" || fail "$arm: \`alone\` did not land"
    case $(git show main:wt-orch-line.txt) in a | b) ;; *) fail "$arm: no writer of the line landed" ;; esac
    if git cat-file -e main:wt-orch-half.txt 2> "$work/err"; then fail "$arm: a failed task landed"; fi
    [ -z "$(git status --porcelain)" ] || fail "$arm: the checkout did not follow the landing"
    expect 0 undo
    [ "$(git rev-parse main)" = "$first" ] || fail "$arm: undo"
    expect 0 clean --force
    [ -z "$(git for-each-ref refs/heads/feature)" ] || fail "$arm: branches are left"
    [ "$(git worktree list | wc -l)" -eq 1 ] || fail "$arm: worktrees are left"
    git fsck --no-progress --no-dangling > "$work/out" 2>&1 || fail "$arm: git fsck"
    echo "$arm: as it should be"
done
