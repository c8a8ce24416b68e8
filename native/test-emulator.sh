#!/usr/bin/env bash
# Tests the emulator: what its kernels compute, and that it finds kernels with a mistake. Needs g++; takes some seconds.
# The last line is "emulator: N passed, M failed".
set -euo pipefail
cd "$(dirname "$0")"

compiler=${CXX:-g++}
command -v "$compiler" >/dev/null || {
    echo "test-emulator: '$compiler' not found. Install g++ (Debian: apt-get install g++)." >&2
    exit 2
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$compiler" -std=c++17 -O1 -g1 -ffp-contract=off -fsanitize=undefined -fno-sanitize-recover=undefined -pthread \
    -Wall -Wextra -Werror emulator/*.cpp emulator/tests/*.cpp -o "$folder/emulator_test"
"$folder/emulator_test"
