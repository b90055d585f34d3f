#!/usr/bin/env bash
# Runs every test, and says at the end what could not be tested on this system. Arguments go to `cargo test`.
set -euo pipefail

# The exit status of a setup script that means: not on this system, whatever one does.
readonly NOT_TO_BE_HAD=3

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

# `provide SCRIPT`: without the variable exported below, tests that miss what the script provides fail: they are never left out
# silently. Prints what is to be said of it at the end.
provide() {
    local status=0
    "setup/$1" >&2 || status=$?
    case $status in
        0) printf 'included' ;;
        "$NOT_TO_BE_HAD") printf 'NOT INCLUDED, it cannot be had on this system (see above)' ;;
        *) exit "$status" ;;
    esac
}

timescale=$(provide timescale.sh)
[[ $timescale == included ]] || export LOYALNEST_WITHOUT_TIMESCALE=1
openbao=$(provide openbao.sh)
[[ $openbao == included ]] || export LOYALNEST_WITHOUT_OPENBAO=1

setup/mail-server.sh >&2

outcome=0
cargo test --locked --workspace "$@" || outcome=$?
printf 'test: read models on plain PostgreSQL: included · on TimescaleDB: %s · key service: %s\n' \
    "$timescale" "$openbao" >&2
exit "$outcome"
