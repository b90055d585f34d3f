#!/usr/bin/env bash
# Runs every test, and says at the end what could not be tested on this system. Arguments go to `cargo test`.
set -euo pipefail

# The exit status of timescale.sh that means: not on this system, whatever one does.
readonly NOT_TO_BE_HAD=3

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

timescale="included"
status=0
setup/timescale.sh || status=$?
case $status in
    0) ;;
    "$NOT_TO_BE_HAD")
        timescale="NOT INCLUDED, it cannot be had on this system (see above)"
        # Without this variable, tests that miss TimescaleDB fail: they are never left out silently.
        export LOYALNEST_WITHOUT_TIMESCALE=1
        ;;
    *) exit "$status" ;;
esac

outcome=0
cargo test --locked --workspace "$@" || outcome=$?
printf 'test: read models on plain PostgreSQL: included · on TimescaleDB: %s\n' "$timescale" >&2
exit "$outcome"
