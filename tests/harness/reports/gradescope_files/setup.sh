#!/usr/bin/env bash
# Run once by Gradescope, as root, when it builds the autograder: brings Python 3.11 or later and installs the suite.
# AUTOGRADER: the folder that Gradescope calls /autograder. PYTHON: the Python to take, where it is not to be looked for.
set -euo pipefail
root=${AUTOGRADER:-/autograder}
suite=$root/source/suite
environment=$root/source/environment

fits() { # is this command a Python of 3.11 or later that can make virtual environments?
    command -v "$1" >/dev/null && "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for python in ${PYTHON:+"$PYTHON"} python3.13 python3.12 python3.11 python3 python; do
        if fits "$python"; then
            echo "$python"
            return
        fi
    done
    return 1
}

if [ -n "${PYTHON:-}" ] && ! fits "$PYTHON"; then
    echo "setup.sh: PYTHON=$PYTHON is no Python of 3.11 or later with venv and ensurepip" >&2
    exit 1
fi
if ! python=$(find_python); then
    echo "setup.sh: no Python of 3.11 or later here; asking apt" >&2
    if command -v apt-get >/dev/null; then
        apt-get update -qq || true
        for version in 3.12 3.13 3.11; do
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "python$version" "python$version-venv" && break
        done || true
    fi
    if ! python=$(find_python); then
        echo "setup.sh: apt has no Python of 3.11 or later. Choose an image that has one (Ubuntu 24.04, Debian 12)," >&2
        echo "setup.sh: or set PYTHON to the path of one, and build the autograder again." >&2
        exit 1
    fi
fi

"$python" -m venv "$environment"
"$environment/bin/python" -m pip install --quiet -c "$suite/constraints.txt" "$suite"
if [ -f "$root/source/requirements.txt" ]; then
    "$environment/bin/python" -m pip install --quiet -r "$root/source/requirements.txt"
fi
"$environment/bin/python" --version
