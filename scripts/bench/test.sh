#!/bin/sh
# What testing modules at once gains: suites that wait, suites that compute, and suites too small for
# it, each one after another by themselves and by `wt-orch test`, without and with history.
#
#   scripts/bench/test.sh [BINARY]      default: target/release/wt-orch, built if need be
#
# Prints for each: seconds of the suites one after another, of the first run and of the third (which
# knows two), the ratio of the last to the first of these, what was predicted with its interval, and
# whether the run lay within. Aims: 8 suites that wait 5 s at least four times as fast; suites that
# compute never slower than one after another by more than 5 %, and so suites of a second or more for
# which one worktree is best. Ratios of a machine that does other things meanwhile say little: the
# suites alone are timed right before and right after, and the shorter time counts.
set -eu

cd "$(dirname "$0")/../.."
program=${1:-target/release/wt-orch}
[ -n "${1:-}" ] || cargo build --release --locked --quiet
program=$(cd "$(dirname "$program")" && pwd)/$(basename "$program")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
export HOME="$work/home" XDG_CONFIG_HOME="$work/home/.config" XDG_STATE_HOME="$work/home/.state"
export XDG_CACHE_HOME="$work/home/.cache" WT_ORCH_YES=1
mkdir -p "$HOME"

# About a second of one core, or as many as asked for.
cat > "$work/computes" <<'END'
#!/bin/sh
awk -v n="$1" 'BEGIN { for (i = 0; i < n * 9000000; i++) x += i % 7; exit x == 0 }'
END
chmod +x "$work/computes"

now() { date +%s%N; }

# Seconds since $1.
since() { echo "$1 $(now)" | awk '{ printf "%.3f", ($2 - $1) / 1e9 }'; }

# A repository `$1` in which each of the other arguments is a suite.
repository() {
    mkdir -p "$work/$1"
    cd "$work/$1"
    shift
    git init --quiet --initial-branch=main
    printf '[test]\ndiscover = false\n' > orchestrator.toml
    number=0
    for command in "$@"; do
        number=$((number + 1))
        printf '[test.modules.s%s]\nrun = "%s"\n' "$number" "$command" >> orchestrator.toml
    done
    git add --all
    git -c user.name=bench -c user.email=bench@localhost commit --quiet --message base
}

alone() {
    begin=$(now)
    for command in "$@"; do sh -c "$command"; done
    since "$begin"
}

tested() {
    begin=$(now)
    "$program" test > "$work/out" 2>&1 || { cat "$work/out" >&2; exit 1; }
    since "$begin"
}

# A number of the last run, by its key in the document of `report`.
told() {
    "$program" report --json 2> "$work/err" | tr -d ' \n' | sed "s/.*\"$1\":\"*\([^,}\"]*\).*/\1/"
}

bench() {
    name=$1
    shift
    repository "$name" "$@"
    before=$(alone "$@")
    first=$(tested)
    tested > "$work/second"
    third=$(tested)
    after=$(alone "$@")
    predicted=$("$program" report --json 2> "$work/err" | tr -d ' \n' |
        sed 's/.*"predicted_s":{\([^}]*\)}.*/\1/')
    field() { echo "$predicted" | tr ',' '\n' | sed -n "s/^\"$1\"://p"; }
    echo "$name $before $after $first $third $(field p50) $(field low) $(field high) \
        $(told verdict) $(told width) $(told wall_s)" |
        awk '{
            one = $2 < $3 ? $2 : $3
            within = $11 >= $7 && $11 <= $8 ? "yes" : "NO"
            printf "%-10s %7.1f s %7.1f s %7.1f s %7.2f %+7.1f %%  %-10s %5d  %6.2f [%.2f, %.2f] s  %s\n",
                $1, one, $4, $5, one / $5, 100 * ($5 / one - 1), $9, $10, $6, $7, $8, within
        }'
}

printf '%-10s %9s %9s %9s %7s %9s  %-10s %5s  %s\n' \
    suites alone first third ratio overhead verdict slots 'predicted, and whether it held'
bench wait 'sleep 5' 'sleep 5' 'sleep 5' 'sleep 5' 'sleep 5' 'sleep 5' 'sleep 5' 'sleep 5'
bench compute "$work/computes 4" "$work/computes 2" "$work/computes 3" "$work/computes 2"
bench mixed 'sleep 4' "$work/computes 3" 'sleep 4' "$work/computes 3"
bench small "$work/computes 1" 'sleep 1' 'sleep 1'
bench tiny true true true true
