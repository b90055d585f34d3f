#!/usr/bin/env bash
# Provides PostgreSQL 17 with TimescaleDB (Apache edition) for the tests of time-axis read models: .tools/timescale/bin.
#
# Debian's stable packages are downloaded and unpacked privately, with their own C library, so that they run on older
# and newer systems alike. Nothing is installed, no root is needed, and apt's own state is not touched: it works on a
# state folder under .tools. The suite is pinned, not the versions: a mirror keeps only the newest of each.
#
# Exit status: 0 it is there · 1 something went wrong · 3 it cannot be had on this system (no apt, not Debian).
set -euo pipefail

readonly SUITE=trixie
readonly POSTGRES_MAJOR=17
readonly NOT_TO_BE_HAD=3
# Where Debian's keyring package puts the keys that sign the suite.
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

setup_directory=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly setup_directory
readonly tools="${setup_directory%/*}/.tools"
readonly home="$tools/timescale"
readonly root="$home/root"
readonly programs="$root/usr/lib/postgresql/$POSTGRES_MAJOR/bin"
# shellcheck source=setup/python-package.sh
source "$setup_directory/python-package.sh"

not_to_be_had() {
    say "TimescaleDB cannot be had here: $*"
    exit "$NOT_TO_BE_HAD"
}

# The programs name their C library by absolute path: a checkout that was moved is set up again.
is_complete() { [[ -f $home/complete && $(<"$home/complete") == "$home" ]]; }

require_debian() {
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || not_to_be_had "this system has no apt."
    [[ -f $KEYRING ]] || not_to_be_had "no Debian keyring (package debian-archive-keyring)."
    # Debian's server reads time zones from the system, not from its own package.
    [[ -e /usr/share/zoneinfo/UTC ]] || not_to_be_had "no time zones (package tzdata)."
}

# The mirror this system already uses for its own release, whichever format its sources are written in.
system_mirror() {
    local codename
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    # The literals are apt's own field names.
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(CREATED_BY) $(RELEASE) $(COMPONENT) $(REPO_URI)' |
        awk -v codename="$codename" '$1 == "Packages" && $2 == codename && $3 == "main" { print $4; exit }'
}

# Every apt call below sees only this folder. Hooks of the system's apt (cache cleaners, desktop notifiers) are cleared.
prepare_private_apt() {
    mkdir -p "$home/apt/state/lists/partial" "$home/apt/cache/archives/partial" "$home/apt/packages"
    : >"$home/apt/status"
    printf 'deb [targets=Packages signed-by=%s] %s %s main\n' "$KEYRING" "$1" "$SUITE" >"$home/apt/sources.list"
    cat >"$home/apt/apt.conf" <<CONF
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Sandbox::User "$(id -un)";
Dir::State "$home/apt/state";
Dir::State::status "$home/apt/status";
Dir::Cache "$home/apt/cache";
Dir::Etc::sourcelist "$home/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Languages "none";
APT::Update::Error-Mode "any";
CONF
}

private_apt() { apt-get --config-file "$home/apt/apt.conf" -qq "$@"; }

# The server, its clients, the extension, and the shared libraries of their dependency closure. Left out: what only
# installing needs (perl, debconf, accounts) and the JIT compiler, a third of the download; the server runs with jit off.
needed_packages() {
    private_apt install --no-install-recommends --print-uris "postgresql-$POSTGRES_MAJOR-timescaledb" |
        awk '{ sub(/_.*/, "", $2); print $2 }' |
        grep -E "^(postgresql-$POSTGRES_MAJOR|postgresql-client-$POSTGRES_MAJOR|postgresql-$POSTGRES_MAJOR-timescaledb|lib.*|zlib1g)$" |
        grep -vE '^(libllvm|libz3|libperl|libc-|libdb|libgdbm|libpam-modules|libsemanage|libdebconf|.*-perl$|.*-common$)'
}

download_and_unpack() {
    local package
    local -a packages
    mapfile -t packages < <(needed_packages)
    ((${#packages[@]} > 10)) || fail "apt could not work out what TimescaleDB needs."
    say "downloading ${#packages[@]} packages (about 45 MB) …"
    (cd "$home/apt/packages" && private_apt download "${packages[@]}")
    for package in "$home/apt/packages"/*.deb; do
        dpkg-deb --extract "$package" "$root"
    done
    rm -rf "$root/usr/share/doc" "$root/usr/share/man" "$root/usr/share/locale"
}

# The programs must start with the unpacked C library and never mix in the system's. The old-style RPATH is meant: it
# also holds for the libraries of libraries and for what the server loads later, RUNPATH does not.
point_at_private_libraries() {
    local libraries loader program
    libraries=$(dirname -- "$(find "$root/usr/lib" -name 'libc.so.6' -print -quit)")
    loader=$(find "$libraries" -name 'ld-linux*.so.*' -print -quit)
    [[ -n $loader ]] || fail "the unpacked C library has no loader."
    for program in "$programs"/*; do
        # Some are scripts.
        [[ $(head -c 4 "$program" | tail -c 3) == ELF ]] || continue
        "$home/patchelf/bin/patchelf" --set-interpreter "$loader" --force-rpath --set-rpath "$libraries" "$program"
    done
}

verify() {
    local foreign
    "$programs/postgres" --version >/dev/null || fail "the unpacked server does not run on this machine."
    foreign=$(LD_TRACE_LOADED_OBJECTS=1 "$programs/postgres" | grep '=>' | grep -vF "$root" || true)
    [[ -z $foreign ]] || fail "the unpacked server would use libraries of this system: $foreign"
    compgen -G "$root/usr/lib/postgresql/$POSTGRES_MAJOR/lib/timescaledb-*.so" >/dev/null || fail "the extension is missing."
}

install_timescale() {
    local mirror
    require_debian
    mirror=$(system_mirror)
    [[ -n $mirror ]] || not_to_be_had "no mirror of this system's own release among its apt sources."
    rm -rf "$home"
    mkdir -p "$root"
    install_python_package patchelf "$home/patchelf"
    prepare_private_apt "$mirror"
    say "reading the list of $SUITE packages …"
    private_apt update || not_to_be_had "the mirror $mirror does not serve $SUITE (see above)."
    download_and_unpack
    point_at_private_libraries
    verify
    ln -sfn "root/usr/lib/postgresql/$POSTGRES_MAJOR/bin" "$home/bin"
    rm -rf "$home/apt"
    printf '%s' "$home" >"$home/complete"
}

mkdir -p "$tools"
exec 9>"$tools/.lock"
flock 9
is_complete || install_timescale
say "$("$home/bin/postgres" --version | sed 's/^postgres //') with TimescaleDB at $home/bin"
