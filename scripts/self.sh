#!/bin/sh
# Lets wt-orch work on its own repository: library tests, lints and documentation as three tasks in
# three worktrees, whose reports are then landed together.
#
#     scripts/self.sh [PATH-OF-WT-ORCH]     without a path, the release build of this checkout
#
# Slow: three builds from nothing, each in its own worktree, five to seven minutes on two cores and
# three gigabytes in TMPDIR. Works on a clone of the committed HEAD in a temporary folder: this
# checkout is only read, and everything else is deleted at the end.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)

if [ $# -gt 0 ]; then
    wt_orch=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
else
    echo '== build' >&2
    cargo build --release --locked --manifest-path "$root/Cargo.toml"
    wt_orch=${CARGO_TARGET_DIR:-$root/target}/release/wt-orch
fi
test -x "$wt_orch" || { echo "self: no program at $wt_orch" >&2; exit 1; }

# Every worktree builds in a target folder of its own, and inside of a git hook no git of a task
# may be sent to this repository.
# shellcheck disable=SC2046
unset CARGO_TARGET_DIR RUSTFLAGS RUSTDOCFLAGS $(git rev-parse --local-env-vars)

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
trap 'exit 130' INT TERM
clone=$place/wt-orch

git clone --quiet --no-checkout "$root" "$clone"
git -C "$clone" checkout --quiet -B self "$(git -C "$root" rev-parse HEAD)"
# The tasks find every crate on the disk and need no network.
cargo fetch --quiet --locked --manifest-path "$clone/Cargo.toml"

cat >"$place/tasks.toml" <<'TASKS'
name = "self"

[defaults]
timeout = "20m"
cpus = 1.0
env = { CARGO_NET_OFFLINE = "true", CARGO_TERM_COLOR = "never" }

[[task]]
id = "tests"
title = "Library tests"
run = """
set -e
mkdir -p reports
cargo test --locked --lib >target.log 2>&1 || { cat target.log; rm target.log; exit 1; }
cat target.log
grep '^test result' target.log >reports/tests.txt
rm target.log
"""
owns = ["reports/tests.txt"]
check = "grep -q ' 0 failed' reports/tests.txt"
estimate = "4m"

[[task]]
id = "lints"
title = "Clippy, warnings are errors"
run = """
set -e
mkdir -p reports
cargo clippy --locked --all-targets -- -D warnings
echo "clippy: no warnings" >reports/lints.txt
"""
owns = ["reports/lints.txt"]
check = "test -s reports/lints.txt"
estimate = "3m"

[[task]]
id = "docs"
title = "Documentation, warnings are errors"
run = """
set -e
mkdir -p reports
RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps
find target/doc/wt_orch -name '*.html' | wc -l >reports/docs.txt
"""
owns = ["reports/docs.txt"]
check = "test -s target/doc/wt_orch/index.html"
estimate = "3m"

[[validate]]
name = "all reports are there"
run = "test -s reports/tests.txt && test -s reports/lints.txt && test -s reports/docs.txt"
TASKS

echo "== wt-orch split on $(git -C "$clone" rev-parse --short HEAD)" >&2
code=0
"$wt_orch" -C "$clone" split "$place/tasks.toml" --parallel=3 --integrate || code=$?

echo
echo '== log'
git -C "$clone" log --graph --oneline --decorate -8
echo
echo '== landed'
for report in tests lints docs; do
    if text=$(git -C "$clone" show "self:reports/$report.txt" 2>/dev/null); then
        printf '%s: %s\n' "$report" "$text"
    else
        echo "$report: nothing landed"
        echo "== last lines of $report"
        "$wt_orch" -C "$clone" logs self "$report" | tail -n 30
        test "$code" != 0 || code=1
    fi
done
exit "$code"
