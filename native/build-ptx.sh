#!/usr/bin/env bash
# Compiles kernels/*.cu to ptx/*.ptx, which are committed and embedded in TinyFlow.Tensor: whoever uses TinyFlow needs
# the NVIDIA driver and neither a compiler nor the CUDA toolkit. Needs clang 19 or later.
#
#   native/build-ptx.sh            makes all of them again
#   native/build-ptx.sh --check    tells whether the committed ones are what the sources give: byte for byte with the
#                                  recorded clang, otherwise by their kernels' names and parameters
#
# TINYFLOW_CLANG names another clang than clang-19.
set -euo pipefail
cd "$(dirname "$0")"

architecture=sm_75 # The oldest that CUDA 13 still knows; newer GPUs run it too.
clang=${TINYFLOW_CLANG:-clang-19}

command -v "$clang" >/dev/null || {
    echo "build-ptx: '$clang' not found. Install clang 19 (Debian: apt-get install clang-19) or set TINYFLOW_CLANG." >&2
    exit 2
}

version() { "$clang" --version | head -n 1; }

# Without a toolkit clang assumes the oldest PTX; 6.4 is what sm_75 and shuffles need.
compile() { # folder
    for source in kernels/*.cu; do
        "$clang" -x cuda --cuda-device-only --cuda-gpu-arch=$architecture -nocudainc -nocudalib \
            --cuda-feature=+ptx64 -std=c++17 -O3 -ffp-contract=off -Wall -Wextra -Werror -S \
            -o "$1/$(basename "$source" .cu).ptx" "$source"
    done
    # Nothing may be left to link: no library's function and no function that was not inlined.
    if grep -nE '^\s*(\.extern|\.func)|\.weak' "$1"/*.ptx; then
        echo "build-ptx: a kernel calls a function that is not in its file (see above)." >&2
        exit 1
    fi
}

# Kernels with their parameters, without their instructions.
entries() { sed -n '/\.entry/,/^)/p' "$1"/*.ptx; }

if [ "${1:-}" = --check ]; then
    made=$(mktemp -d)
    trap 'rm -rf "$made"' EXIT
    compile "$made"
    if [ "$(version)" = "$(cat ptx/CLANG_VERSION)" ]; then
        diff -rq --exclude=CLANG_VERSION ptx "$made" >&2 || { echo "build-ptx: run native/build-ptx.sh." >&2; exit 1; }
        echo "build-ptx: $(ls "$made" | wc -l) files, the same byte for byte"
    else
        diff <(entries ptx) <(entries "$made") >&2 || { echo "build-ptx: run native/build-ptx.sh." >&2; exit 1; }
        echo "build-ptx: the same kernels and parameters ($(version), recorded: $(cat ptx/CLANG_VERSION))"
    fi
else
    mkdir -p ptx
    rm -f ptx/*.ptx
    compile ptx
    version >ptx/CLANG_VERSION
    echo "build-ptx: $(ls ptx/*.ptx | wc -l) files"
fi
