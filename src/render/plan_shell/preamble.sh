repo=$(git rev-parse --show-toplevel)
trees=${WT_TREES:-$repo-$workflow}
branches=${WT_BRANCHES:-plan/$workflow}

# git without the hooks and the signing of whoever starts this.
g() {
    git -c core.hooksPath=/dev/null -c commit.gpgSign=false "$@"
}

tell() {
    printf '%s\n' "$*" >&2
}

git -C "$repo" rev-parse --quiet --verify "$base^{commit}" >/dev/null || {
    tell "this repository has no commit $base, which the plan starts from"
    exit 2
}
if [ -e "$trees" ] || [ -n "$(git -C "$repo" for-each-ref "refs/heads/$branches")" ]; then
    tell "$trees or branches below $branches are there already; name others: WT_TREES=… WT_BRANCHES=…"
    exit 2
fi
if ! git var GIT_COMMITTER_IDENT >/dev/null 2>&1 || ! git var GIT_AUTHOR_IDENT >/dev/null 2>&1; then
    export GIT_AUTHOR_NAME=wt-orch GIT_AUTHOR_EMAIL=wt-orch@localhost
    export GIT_COMMITTER_NAME=wt-orch GIT_COMMITTER_EMAIL=wt-orch@localhost
fi
mkdir -p "$trees/.done" "$trees/.logs"
failed=0
from=$base

# limited SECONDS COMMAND...: stops it after that time where `timeout` is there.
limited() {
    seconds=$1
    shift
    if command -v timeout >/dev/null 2>&1; then
        timeout -k 10 "$seconds" "$@"
    else
        "$@"
    fi
}

# begin TASK BEFORE...: a worktree on the merge of what the task waits for; with a + it need not
# have succeeded.
begin() {
    task=$1
    shift
    for before; do
        if [ "${before#+}" = "$before" ] && [ ! -e "$trees/.done/$before" ]; then
            tell "$task: skipped, $before did not succeed"
            return 1
        fi
    done
    g -C "$repo" worktree add --quiet -b "$branches/$task" "$trees/$task" "$from" || return 1
    for before; do
        before=${before#+}
        [ -e "$trees/.done/$before" ] || continue
        if ! g -C "$trees/$task" merge --quiet --no-edit "$branches/$before" >/dev/null; then
            g -C "$trees/$task" merge --abort || :
            tell "$task: not started, $before does not merge with the others it waits for"
            return 1
        fi
    done
}

# save TASK WRITES TITLE: commits what the task left; a task that must not write has left nothing.
save() {
    [ -n "$(git -C "$trees/$1" status --porcelain --untracked-files=normal)" ] || return 0
    if [ "$2" = no ]; then
        tell "$1: changed files, which it must not"
        return 1
    fi
    g -C "$trees/$1" add --all && g -C "$trees/$1" commit --quiet --message "$3"
}

# work NUMBER TASK TRIES WRITES TITLE: the task, again after a failure, until its work is saved.
work() {
    start=$(git -C "$trees/$2" rev-parse HEAD)
    tries=$3
    while :; do
        if (cd "$trees/$2" && "run_$1" </dev/null) >>"$trees/.logs/$2" 2>&1 && save "$2" "$4" "$5" &&
            (cd "$trees/$2" && "check_$1" </dev/null) >>"$trees/.logs/$2" 2>&1; then
            : >"$trees/.done/$2"
            tell "$2: succeeded"
            return 0
        fi
        tries=$((tries - 1))
        if [ "$tries" -le 0 ]; then
            tell "$2: failed; see $trees/.logs/$2"
            return 1
        fi
        g -C "$trees/$2" reset --quiet --hard "$start"
        g -C "$trees/$2" clean --quiet --force -d
    done
}

# follow TASK: what starts later starts from its work.
follow() {
    [ ! -e "$trees/.done/$1" ] || from=$branches/$1
}

# collect TASK: merges its branch into the integration worktree.
collect() {
    if [ ! -e "$trees/.done/$1" ]; then
        tell "$1: not integrated"
        failed=1
    elif ! g -C "$trees/_integration" merge --quiet --no-ff --no-edit "$branches/$1" >/dev/null; then
        g -C "$trees/_integration" merge --abort || :
        tell "$1: left out, it conflicts with what was merged before it"
        failed=1
    fi
}

# validate NAME SECONDS COMMAND: must pass on the merged state.
validate() {
    if (cd "$trees/_integration" && limited "$2" sh -c "$3" </dev/null) >"$trees/.logs/_validate" 2>&1; then
        tell "validation $1: passed"
    else
        tell "validation $1: failed; do not land this"
        cat "$trees/.logs/_validate" >&2
        failed=1
    fi
}

# land BRANCH TARGET: says how.
land() {
    if [ "$failed" -ne 0 ]; then
        tell "not everything succeeded; what did is on the branch $1"
    elif [ -n "$2" ]; then
        tell "to land it, with $2 checked out: git merge --ff-only '$1' (or without --ff-only if $2 has moved)"
    else
        tell "everything is on the branch $1"
    fi
    tell "to clean up: git worktree remove --force each folder in $trees, then delete $trees and the branches below $branches"
}
