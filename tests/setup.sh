#!/usr/bin/env bash
# Installs the Debian packages named by the arguments, as PROGRAM=PACKAGE pairs, where the program
# is missing. Says which package is needed where it may not install.
set -euo pipefail

missing=()
for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
done
[ ${#missing[@]} -eq 0 ] && exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
        echo "missing: please install the Debian package(s): ${missing[*]}" >&2
        exit 1
    fi
    root=(sudo -n)
fi
if ! command -v apt-get >/dev/null; then
    echo "missing: please install what Debian calls: ${missing[*]}" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
"${root[@]}" apt-get -qq update
"${root[@]}" apt-get -qq install --yes --no-install-recommends "${missing[@]}" >/dev/null
