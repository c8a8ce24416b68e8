#!/usr/bin/env bash
# Tests what the kernels are made of, function by function, without emulator or GPU: tests/*.cpp. Needs g++ 9 or later.
set -euo pipefail
cd "$(dirname "$0")"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for source in tests/*.cpp; do
    "${CXX:-g++}" -std=c++17 -O2 -march=native -ffp-contract=off -fno-math-errno -Wall -Wextra -Werror -Wno-unused-function \
        -o "$folder/test" "$source"
    "$folder/test"
done
