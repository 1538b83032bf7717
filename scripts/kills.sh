#!/bin/sh
# Kills a run at its n-th system call of a kind while worktrees are made, resumes it, lands and
# cleans, and looks whether the work is there and nothing else is left. Needs strace.
#
#   scripts/kills.sh [BINARY]      default: target/debug/wt-orch, built if need be
set -eu

cd "$(dirname "$0")/.."
program=${1:-target/debug/wt-orch}
[ -n "${1:-}" ] || cargo build --locked --quiet
program=$(cd "$(dirname "$program")" && pwd)/$(basename "$program")
command -v strace > /dev/null || { echo 'strace is not installed' >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME="$work/home" XDG_CONFIG_HOME="$work/home/.config" XDG_STATE_HOME="$work/home/.local/state"
mkdir "$HOME"
git config --global user.name kills
git config --global user.email kills@localhost
for task in a b c; do
    printf '[[task]]\nid = "%s"\nrun = "echo %s > %s"\ncheck = "true"\n' $task $task $task
done > "$work/tasks.toml"
kills=0

fail() { printf '%s %s: %s\n' "$call" "$number" "$1" >&2; exit 3; }

# One kill. Returns 1 when the run ended before it came to that call.
killed_at() {
    call=$1 number=$2
    rm -rf "$work/repo" "$work"/repo-*
    git init --quiet --initial-branch=main "$work/repo"
    cd "$work/repo"
    mkdir -p d/e
    for file in 1 2 3 4 5; do echo $file > f$file; echo $file > d/e/g$file; done
    ln -s f1 link
    git add --all
    git commit --quiet --message base
    status=0
    strace -f -o /dev/null -e trace="$call" -e inject="$call:signal=SIGKILL:when=$number" \
        "$program" split --parallel=3 "$work/tasks.toml" > /dev/null 2>&1 || status=$?
    [ $status = 137 ] || return 1
    # A run that had stored nothing is begun again.
    "$program" resume > "$work/out" 2>&1 || {
        [ $? = 4 ] || fail "resume: $(cat "$work/out")"
        "$program" split --parallel=3 "$work/tasks.toml" > "$work/out" 2>&1 || fail 'second split'
    }
    for task in a b c; do
        [ "$(git show "feature/$task:$task")" = $task ] || fail "the work of $task"
        [ -z "$(git -C "../repo-$task" status --porcelain)" ] || fail "the worktree of $task"
        [ ! -e ".git/worktrees/repo-$task/locked" ] || fail "the lock of $task"
    done
    "$program" integrate > "$work/out" 2>&1 || fail "integrate: $(cat "$work/out")"
    "$program" clean --all > "$work/out" 2>&1 || fail "clean: $(cat "$work/out")"
    left=$(ls -A .git/wt-orch "$work"; git worktree list; git branch)
    for thing in repo- tmp- trash feature .sock .lock; do
        case $(echo "$left" | grep -v -e provision.lock -e create.lock) in *"$thing"*) fail "left: $left" ;; esac
    done
}

# Every call of a rare kind; every seventh of a common one.
for kind in renameat2:1 symlinkat:1 mkdir:1 unlink:1 mkdirat:1 utimensat:7; do
    at=1
    while [ $at -le 60 ]; do
        ended=0
        (killed_at "${kind%:*}" $at) || ended=$?
        case $ended in
            0) kills=$((kills + 1)) ;;
            1) break ;;
            *) exit 1 ;;
        esac
        at=$((at + ${kind#*:}))
    done
done
printf '%s kills, nothing lost and nothing left\n' "$kills"
