#!/bin/sh
# Kills wt-orch at random moments of real runs, goes on as a user would, and looks whether every
# commit that a task made is still there, the work is as it would be without the kill, and nothing is
# left: no process, control group, lock, socket, folder. What a crash at each single step does, the
# tests of tests/it/faults/crash.rs try; here the moments are between the steps. With wt-orch its
# warden is killed in some rounds, its process group in others, and in others both.
#
#   scripts/crashes.sh [BINARY] [COUNT] [SEED] [FIRST]
#
# BINARY: target/debug/wt-orch, built if need be. COUNT: 200 kills that
# come before the end of the command. SEED: of the moments; another one each day. FIRST: number of the
# first kill, to try a single one again.
set -eu

cd "$(dirname "$0")/.."
program=${1:-target/debug/wt-orch}
[ -n "${1:-}" ] || cargo build --locked --quiet
program=$(cd "$(dirname "$program")" && pwd)/$(basename "$program")
script=$PWD/scripts/crashes.sh
count=${2:-200}
seed=${3:-$(date +%j)}
first=${4:-1}

work=$(cd "$(mktemp -d)" && pwd -P)
world=$work/world
export HOME="$world/home" TMPDIR="$world/tmp" XDG_RUNTIME_DIR="$world/run"
export XDG_CONFIG_HOME="$HOME/.config" XDG_STATE_HOME="$HOME/.local/state"
export XDG_CACHE_HOME="$HOME/.cache" WT_ORCH_PLAN_PROBE=false
# shellcheck disable=SC2046
unset $(git rev-parse --local-env-vars)

# A control group of our own, where one can be made: what is left in it is of nobody else.
mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts 2> /dev/null || :)
former=$mount$(sed -n 's/^0:://p' /proc/self/cgroup 2> /dev/null || :)
group=$former/crashes.$$
shed=''
if [ -n "$mount" ] && mkdir "$group" 2> /dev/null; then
    if echo 0 > "$group/cgroup.procs" 2> /dev/null; then
        shed="env -i sh $world/shed & "
    else
        rmdir "$group"
    fi
fi

# Processes that descend from this world: its HOME marks them (and not this shell, which was started
# with another one), or, where they have none, a path in their command line.
processes() {
    for folder in /proc/[0-9]*; do
        [ "${folder#/proc/}" != $$ ] || continue
        if tr '\0' '\n' < "$folder/environ" | grep -qx "HOME=$HOME" ||
            tr '\0' '\n' < "$folder/cmdline" | grep -q "^$world/"; then
            echo "${folder#/proc/} $(tr '\0' ' ' < "$folder/cmdline")"
        fi
    done 2> /dev/null
}

wardens() { processes | awk '$2 == "wt-orch-warden" { print $1 }'; }

end() {
    processes | while read -r number _; do kill -9 "$number" 2> /dev/null || :; done
    if [ -d "$group" ]; then
        echo $$ > "$former/cgroup.procs" || :
        find "$group" -depth -type d -exec rmdir {} \; 2> /dev/null || :
    fi
    [ -n "${keep:-}" ] || rm -rf "$work"
}
trap end EXIT
trap 'exit 130' INT TERM

fail() {
    keep=1
    {
        printf 'kill %s (%s, %s, after %s ms): %s\n' "$at" "$kind" "$whom" "$delay" "$1"
        printf 'again: %s %s 1 %s %s\n' "$script" "$program" "$seed" "$at"
        printf 'everything of it is in %s; the commands and what they said in %s\n' "$world" "$world/said"
    } >&2
    exit 1
}

# A number below $1 that depends on the seed and on how often it was asked for this kill.
random() {
    state=$(((state * 1103515245 + 12345) % 2147483648))
    drawn=$((state / 65536 % $1))
}

now() { echo $(($(date +%s%N) / 1000000)); }

# Runs the program and notes what it says.
run() {
    printf '$ wt-orch %s\n' "$*" >> "$world/said"
    code=0
    began=$(now)
    "$program" "$@" > "$world/out" 2>&1 < /dev/null || code=$?
    took=$(($(now) - began))
    cat "$world/out" >> "$world/said"
    printf 'exit: %s\n' "$code" >> "$world/said"
}

# The same, killed after so many milliseconds; 137 where the kill came in time.
run_killed() {
    delay=$1
    shift
    random 4
    case $drawn in
        0) whom='alone' ;;
        1) whom='with its warden' ;;
        2) whom='with its process group' ;;
        3) whom='with its process group and its warden' ;;
    esac
    printf '$ wt-orch %s  (killed %s after %s ms)\n' "$*" "$whom" "$delay" >> "$world/said"
    setsid "$program" "$@" > "$world/out" 2>&1 < /dev/null &
    victim=$!
    sleep "$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))"
    also=''
    case $whom in *warden) also=$(wardens) ;; esac
    case $whom in
        *group*) kill -9 -$victim $also 2> /dev/null || : ;;
        *) kill -9 $victim $also 2> /dev/null || : ;;
    esac
    code=0
    wait $victim 2> /dev/null || code=$?
    cat "$world/out" >> "$world/said"
    printf 'exit: %s\n' "$code" >> "$world/said"
}

# Two that commit by themselves, one that leaves its work, one that needs two tries, one that fails,
# one whose check fails; some of them start from others.
make_world() {
    cd "$work"
    rm -rf "$world"
    mkdir -p "$HOME" "$world/run" "$world/tmp"
    chmod 700 "$world/run"
    git config --global user.name crashes
    git config --global user.email crashes@localhost
    git config --global gc.auto 0
    git init --quiet --initial-branch=main "$world/repo"
    cd "$world/repo"
    for file in 1 2 3 4 5; do echo $file > f$file; done
    printf 'local\n' > .gitignore
    cp .gitignore .worktreeinclude
    git add --all
    git commit --quiet --message base
    echo here > local
    # What an agent does: several commits, each of which is written down.
    cat > "$world/agent" << 'AGENT'
for step in one two; do
    echo "$1 $step" >> "$1"
    git add "$1"
    git commit --quiet --message "$1 $step"
    git rev-parse HEAD >> "$2"
    sleep 0.02
done
echo "$1 rest" >> "$1"
AGENT
    # Forgotten by whoever began it, and without any mark.
    echo 'while :; do sleep 0.5; done > /dev/null 2>&1' > "$world/shed"
    agent="sh $world/agent"
    cat > "$world/tasks.toml" << TASKS
[[task]]
id = "first"
run = "$agent first $world/commits"
check = "grep -q rest first"
[[task]]
id = "leaves"
run = "${shed}sleep 0.05; echo leaves > leaves"
check = "test -f leaves"
[[task]]
id = "second"
depends_on = ["first"]
run = "$agent second $world/commits"
check = "test -f first"
[[task]]
id = "retried"
retries = 1
run = "$agent retried $world/commits; test -e $world/tried || { touch $world/tried; exit 7; }"
check = "true"
[[task]]
id = "joins"
depends_on = ["second", "leaves"]
run = "cat second leaves > joins"
check = "true"
$1
[[validate]]
name = "whole"
run = "test -f leaves && sleep 0.05"
TASKS
}

# An agent whose work comes to nothing, and a task that is not checked to the end.
failures=$(printf '%s\n' '[[task]]' 'id = "fails"' 'run = "echo x > fails; exit 3"' 'check = "true"' \
    '[[task]]' 'id = "checked"' 'run = "echo x > checked"' 'check = "false"')

# Goes on until the run is over, and lands it.
go_on() {
    tries=0
    while :; do
        run resume
        case $code in
            0 | 1) break ;;
            4) grep -q 'nothing has run' "$world/out" || fail "resume: $(cat "$world/out")"
               # shellcheck disable=SC2086
               run split $width "$world/tasks.toml" ;;
            *) fail "resume ended with $code: $(cat "$world/out")" ;;
        esac
        tries=$((tries + 1))
        [ $tries -lt 4 ] || fail 'the run does not come to its end'
    done
    run integrate
    case $code in
        0) ;;
        4) grep -q 'nothing to land' "$world/out" || fail "integrate: $(cat "$world/out")" ;;
        *) fail "integrate ended with $code: $(cat "$world/out")" ;;
    esac
}

look() {
    cd "$world/repo"
    for task in first second; do
        [ "$(git show "main:$task")" = "$(printf '%s one\n%s two\n%s rest' $task $task $task)" ] ||
            fail "the work of \`$task\` is not what it was"
    done
    git show main:retried | grep -q rest || fail 'the work of `retried` is not there'
    [ "$(git show main:joins)" = "$(git show main:second main:leaves)" ] || fail 'the work of `joins`'
    [ "$(git status --porcelain)" = '' ] || fail "the checkout: $(git status --porcelain)"
    run report --json
    cp "$world/out" "$world/report"
    lost=''
    while read -r commit; do
        commits=$((commits + 1))
        [ -n "$(git for-each-ref --contains "$commit" --count=1)" ] || grep -q "$commit" "$world/report" ||
            lost="$lost $commit"
    done < "$world/commits"
    [ -z "$lost" ] || fail "lost commits:$lost"
    git fsck --no-dangling --no-progress > "$world/fsck" 2>&1 || fail "git fsck: $(cat "$world/fsck")"
    [ ! -s "$world/fsck" ] || fail "git fsck: $(cat "$world/fsck")"
    left=$(processes)
    [ -z "$left" ] || fail "still running: $left"
    run clean --all --force
    [ "$code" = 0 ] || fail "clean: $(cat "$world/out")"
    left=$(find "$world" -maxdepth 1 -name 'repo-*' -o -maxdepth 1 -name '.*' ! -path "$world"
        find "$world/tmp" -mindepth 1
        find "$world/run" -mindepth 1 ! -path "$world/run/wt-orch" ! -path "$world/run/wt-orch/runs"
        [ ! -d "$group" ] || find "$group" -mindepth 1 -type d
        find .git -name '*.sock' -o -name '*.lock' ! -name '.provision.lock' ! -name '.create.lock' \
            -o -name 'tmp-*' -o -name 'trash-*' -o -name 'wt-orch-*' -o -type p
        find .git/worktrees -mindepth 1 2> /dev/null || :
        git for-each-ref --format='%(refname)' refs/heads | grep -vx refs/heads/main || :)
    [ -z "$left" ] || fail "left behind: $left"
}

# How long a whole run takes here, so that the moments fall into it.
state=$seed
make_world "$failures"
width=--parallel=2
run split $width --integrate "$world/tasks.toml"
whole=$took
[ "$code" = 1 ] || { at=0 kind=split whom='not at all' delay=0; fail "without a kill: $(cat "$world/out")"; }

printf 'seed %s, a run takes %s ms\n' "$seed" "$whole"
kills=0 late=0 commits=0
at=$first
while [ "$kills" -lt "$count" ]; do
    state=$((seed * 7919 + at * 104729))
    random 3
    [ "$drawn" = 0 ] && make_world '' || make_world "$failures"
    random 3
    [ "$drawn" = 0 ] && width=--sequential || width=--parallel=2
    : > "$world/said"
    : > "$world/commits"
    case $((at % 5)) in
        0) kind=split; set -- split $width "$world/tasks.toml" ;;
        1) kind='split --integrate'; set -- split $width --integrate "$world/tasks.toml" ;;
        2) kind=resume
           random "$whole"
           run_killed "$drawn" split $width "$world/tasks.toml"
           set -- resume ;;
        3) kind=integrate; run split $width "$world/tasks.toml"; whole=$took; set -- integrate ;;
        4) kind=clean; run split $width --integrate "$world/tasks.toml"; whole=$took; set -- clean ;;
    esac
    case $kind in
        split*) random $((whole * 11 / 10)) ;;
        resume) random "$whole" ;;
        # Shorter, by far.
        *) random $((whole / 5)) ;;
    esac
    run_killed "$drawn" "$@"
    if [ "$code" = 137 ]; then kills=$((kills + 1)); else late=$((late + 1)); fi
    if [ "$kind" = clean ]; then
        # What is kept of failed tries goes with it, as it was told to: nothing else may.
        run clean
        [ "$code" = 0 ] || fail "clean: $(cat "$world/out")"
    else
        go_on
    fi
    look
    printf 'kill %s (%s, %s, after %s ms; %s in time so far): nothing lost\n' \
        "$at" "$kind" "$whom" "$delay" "$kills"
    at=$((at + 1))
done
printf '%s kills (%s came too late), %s commits of tasks, none lost; nothing left behind\n' \
    "$kills" "$late" "$commits"
