#!/usr/bin/env bash
# Installs the Debian packages named by the arguments, as PROGRAM=PACKAGE, python3:MODULE=PACKAGE or
# /PATH/PATTERN=PACKAGE, where the program, module or file is missing. Says which package is needed
# where it may not install.
set -euo pipefail

present() {
    case $1 in
        /*) compgen -G "$1" >/dev/null ;;
        python3:*) python3 -c "import ${1#*:}" 2>/dev/null ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

missing=()
for pair in "$@"; do
    present "${pair%%=*}" || missing+=("${pair#*=}")
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
