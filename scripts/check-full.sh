#!/bin/sh
# The everyday checks and the slow ones. Run it before a release, and after a change to the
# scheduler, to merging or to the journal.
#
# About a quarter of an hour beyond scripts/check.sh, on two cores, and 50 minutes of fuzzing. The slow tier is:
#   - the property tests of the library with 20,000 cases in place of 256 (PROPTEST_CASES overrules),
#   - all tests once more on the release profile, which is what users run: other optimisation, no
#     overflow checks, no debug assertions,
#   - all tests once more in repositories that libgit2 cannot open (a git before 2.45 makes ordinary
#     ones where it is asked for reftable),
#   - the tests that are marked as slow: crowds around one repository, a crash at every point of a run,
#   - scripts/kills.sh, where there is strace: kills at every step of making worktrees,
#   - scripts/fuzz.sh: ten minutes for each fuzz target (FUZZ_SECONDS overrules), where there is
#     cargo-fuzz,
#   - scripts/crashes.sh: kills at random moments of whole runs,
#   - scripts/foreign.sh: the whole way through sources that nobody here wrote.
#
# What belongs here as it comes to be: runs with real agents' programs. Mark a slow test
# `#[ignore = "slow: why"]`
# and put it into a module `slow`: it is run by that filter. Other ignored tests write fixtures.
set -eu

cd "$(dirname "$0")/.."

cases=${PROPTEST_CASES:-20000}

# The everyday tier keeps the number of cases that everyone has.
env -u PROPTEST_CASES scripts/check.sh

# shellcheck disable=SC2046
unset $(git rev-parse --local-env-vars)
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS

printf '\n== property tests, %s cases each\n' "$cases"
PROPTEST_CASES=$cases cargo test --locked --lib

printf '\n== all tests, release profile\n'
cargo test --locked --release --lib --bins --tests

for format in GIT_DEFAULT_HASH=sha256 GIT_DEFAULT_REF_FORMAT=reftable; do
    printf '\n== all tests that make repositories, %s\n' "$format"
    env "$format" cargo test --locked --lib adapters::
    env "$format" cargo test --locked --test it
done

printf '\n== slow tests\n'
cargo test --locked -- --ignored slow::

if command -v strace > /dev/null; then
    printf '\n== kills while worktrees are made\n'
    scripts/kills.sh
fi

scripts/fuzz.sh "${FUZZ_SECONDS:-600}"

cargo build --locked --release

printf '\n== kills at random moments\n'
scripts/crashes.sh target/release/wt-orch

printf '\n== a repository that nobody here wrote\n'
scripts/foreign.sh '' target/release/wt-orch

printf '\n== all checks passed, the slow ones too\n'
