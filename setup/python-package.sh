# Sourced. `install_python_package NAME DIRECTORY` unpacks setup/requirements/NAME.txt into DIRECTORY.
#
# A package index is used as a plain download service: hashes are mandatory, nothing is built, no dependency is
# followed, no virtual environment is needed, and the system's own Python packages are not touched.

install_python_package() {
    local name=$1 directory=$2 staging="$2.incoming" log="$2.log"
    if ! command -v python3 >/dev/null; then
        fail "python3 is missing. Install python3 and pip (on Debian: apt-get install python3-pip)${3:+, or $3}."
    fi
    if ! python3 -m pip --version >/dev/null 2>&1; then
        fail "python3 has no pip. Install it (on Debian: apt-get install python3-pip)${3:+, or $3}."
    fi
    rm -rf "$staging"
    if ! PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet \
        --require-hashes --only-binary=:all: --no-deps --target "$staging" \
        --requirement "$setup_directory/requirements/$name.txt" >"$log" 2>&1; then
        cat "$log" >&2
        rm -rf "$staging"
        fail "could not fetch $name (network, hash, or a machine other than x86_64/aarch64 Linux with glibc 2.28+; see above)."
    fi
    # The rename is what makes it installed: an interrupted run leaves nothing that looks complete.
    rm -rf "$directory" "$log"
    mv "$staging" "$directory"
}

say() { printf 'setup: %s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}
