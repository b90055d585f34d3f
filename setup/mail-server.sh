#!/usr/bin/env bash
# Provides the mail server of the tests: aiosmtpd in .tools/aiosmtpd. Needs no root; nothing but the tests uses it.
set -euo pipefail

setup_directory=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly setup_directory
readonly tools="${setup_directory%/*}/.tools"
# shellcheck source=setup/python-package.sh
source "$setup_directory/python-package.sh"

runs() { PYTHONPATH="$tools/aiosmtpd" python3 -c 'import aiosmtpd.smtp' 2>/dev/null; }

mkdir -p "$tools"
exec 9>"$tools/.lock"
flock 9
if ! runs; then
    say "fetching aiosmtpd (0.3 MB) …"
    install_python_package aiosmtpd "$tools/aiosmtpd"
    runs || fail "aiosmtpd was fetched but does not run on this machine: it needs Python 3.10 or newer."
fi
say "aiosmtpd at $tools/aiosmtpd"
