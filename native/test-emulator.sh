#!/usr/bin/env bash
# Tests the emulator and the stand-in by themselves: what they compute, that the emulator finds kernels with a mistake, and
# that the stand-in keeps CUDA's rules. Needs g++; takes some seconds more than native/build-standin.sh.
# The last line is "N passed, M failed".
set -euo pipefail
cd "$(dirname "$0")"

compiler=${CXX:-g++}
command -v "$compiler" >/dev/null || {
    echo "test-emulator: '$compiler' not found. Install g++ (Debian: apt-get install g++)." >&2
    exit 2
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
flags=(-std=c++17 -O1 -g1 -ffp-contract=off -pthread -Wall -Wextra -Werror)

"$compiler" "${flags[@]}" -fsanitize=undefined -fno-sanitize-recover=undefined emulator/*.cpp emulator/tests/*.cpp \
    -o "$folder/emulator_test"
# The same with the switch of stacks that other machines than x86-64 use.
"$compiler" "${flags[@]}" -DTF_EMULATOR_UCONTEXT emulator/*.cpp emulator/tests/*.cpp -o "$folder/emulator_test_ucontext"
# The stand-in's objects with one kernel of the tests' own.
objects=$(dirname "$(./build-standin.sh)")/objects
"$compiler" "${flags[@]}" standin/tests/*.cpp -x c++ standin/tests/fill.cu -x none "$objects"/emulator_*.o \
    "$objects"/standin_*.o -o "$folder/standin_test"

# The failures that the stand-in's tests provoke are told on standard error; they are shown only if a test fails.
code=0
"$folder/emulator_test" | tee "$folder/counts" || code=1
"$folder/emulator_test_ucontext" | tee -a "$folder/counts" || code=1
"$folder/standin_test" 2>"$folder/messages" | tee -a "$folder/counts" || code=1
[ "$code" -eq 0 ] || cat "$folder/messages" >&2
awk '{ passed += $2; failed += $4 } END { print passed " passed, " failed " failed" }' "$folder/counts"
exit "$code"
