#!/bin/sh
# The everyday checks: format, lints, tests, documentation. Run it before every push; .ci/run and
# GitHub run the same file. Needs the Rust toolchain, a C compiler and git.
#
# Settings of your own that would change the result (RUSTFLAGS, RUSTDOCFLAGS, git's GIT_DIR inside
# a hook) are set aside.
set -eu

cd "$(dirname "$0")/.."

section() {
    printf '\n== %s\n' "$1"
}

need() {
    if ! "$@" --version >/dev/null 2>&1; then
        echo "check: \`$*\` is missing${hint:+; $hint}" >&2
        exit 1
    fi
}

need git
need cargo
hint='rustup component add rustfmt clippy' need cargo fmt
hint='rustup component add rustfmt clippy' need cargo clippy

# Inside of a git hook these would send every git of the tests to this repository.
# shellcheck disable=SC2046
unset $(git rev-parse --local-env-vars)
# One set of flags for all steps: another set would build everything once more.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS RUSTDOCFLAGS CARGO_BUILD_RUSTFLAGS
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"

# Cheapest first. Clippy and the documentation share the metadata of the dependencies, the tests
# compile them: two passes over the dependencies in all, one over the C sources.
section 'format'
cargo fmt --check

section 'lints'
cargo clippy --locked --all-targets -- -D warnings

section 'documentation'
RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps

section 'tests'
cargo test --locked

section 'all checks passed'
