#!/usr/bin/env bash
# Builds the stand-in for NVIDIA's libraries: the emulator with all kernels, and on top of it what TinyFlow calls of the
# CUDA driver, cuBLAS, cuDNN and NCCL. Needs g++ 9 or later. Prints the library's path.
#
#   native/build-standin.sh               artifacts/native/libtinyflow_standin.so; only what has changed is compiled
#   native/build-standin.sh --coverage    artifacts/native/coverage/libtinyflow_standin.so, which records with gcov which
#                                         lines of the kernels were run
#   native/build-standin.sh --without cudnnCreate,cuGraphLaunch FILE
#                                         the usual library once more as FILE, without these functions: an older version of
#                                         NVIDIA's, or another library
#
# The tests find it by TINYFLOW_LIBCUDA, TINYFLOW_LIBCUBLAS, TINYFLOW_LIBCUDNN and TINYFLOW_LIBNCCL.
set -euo pipefail
cd "$(dirname "$0")"

compiler=${CXX:-g++}
command -v "$compiler" >/dev/null || {
    echo "build-standin: '$compiler' not found. Install g++ (Debian: apt-get install g++)." >&2
    exit 2
}

output=../artifacts/native
flags=(-std=c++17 -fPIC -g1 -pthread -fvisibility=hidden -Wall -Wextra -Werror)
# No contraction of products and sums, as in the PTX: the kernels' bits agree with a GPU's.
kernel_flags=(-O2 -ffp-contract=off -fno-math-errno)
library_flags=(-O3 -ffp-contract=fast)
# Fused multiply-add as an instruction where this machine has it; without, tf_fma calls libm: slower, the same bits.
if "$compiler" -march=native -E -x c++ /dev/null >/dev/null 2>&1; then
    kernel_flags+=(-march=native)
    library_flags+=(-march=native)
fi
if [ "${1:-}" = --coverage ]; then
    output=../artifacts/native/coverage
    kernel_flags+=(-O1 --coverage -fprofile-update=atomic)
fi
without=
if [ "${1:-}" = --without ]; then
    [ $# -eq 3 ] || { echo "build-standin: expected --without NAME[,NAME...] FILE." >&2; exit 2; }
    without=$2
    reduced=$3
    [[ $reduced == /* ]] || reduced=$OLDPWD/$reduced
fi
mkdir -p "$output/objects"
output=$(cd "$output" && pwd)
library=$output/libtinyflow_standin.so

# One build at a time, where the system can tell.
exec 9>"$output/lock"
if command -v flock >/dev/null; then flock 9; fi

# An object is up to date if nothing it was made from (its .d file says what) and no flag has changed.
settings="$compiler $("$compiler" -dumpfullversion) ${flags[*]} ${kernel_flags[*]} ${library_flags[*]}"
if [ "$settings" != "$(cat "$output/objects/settings" 2>/dev/null)" ]; then
    rm -f "$output"/objects/*
    echo "$settings" >"$output/objects/settings"
fi
is_current() { # object
    [ -f "$1" ] && [ -f "${1%.o}.d" ] || return 1
    local file
    for file in $(sed -e 's/^[^:]*://' -e 's/\\$//' "${1%.o}.d"); do
        [ "$file" -ot "$1" ] || return 1
    done
}

objects=()
commands=()
for source in emulator/*.cpp standin/*.cpp kernels/*.cu; do
    [ -f "$source" ] || continue
    object=$output/objects/$(echo "${source%.*}" | tr / _).o
    objects+=("$object")
    is_current "$object" && continue
    case $source in
        *.cu) extra=("${kernel_flags[@]}" -x c++) ;;
        *) extra=("${library_flags[@]}") ;;
    esac
    commands+=("$compiler ${flags[*]} ${extra[*]} -MMD -c -o $object $source")
done

if [ ${#commands[@]} -gt 0 ] || [ ! -f "$library" ]; then
    if [ ${#commands[@]} -gt 0 ]; then
        printf '%s\0' "${commands[@]}" | xargs -0 -P "$(nproc)" -I{} bash -c '{}' || exit 1
    fi
    # Linked aside and moved: a process that has the old library open keeps it.
    link=()
    [ "${1:-}" = --coverage ] && link=(--coverage)
    "$compiler" -shared -pthread "${link[@]}" -o "$library.new" "${objects[@]}"
    mv "$library.new" "$library"
fi
# Objects whose sources are gone.
for object in "$output"/objects/*.o; do
    [[ " ${objects[*]} " == *" $object "* ]] || rm -f "${object%.o}".*
done

if [ -n "$without" ]; then
    # What is local is not exported.
    exports=$(mktemp)
    trap 'rm -f "$exports"' EXIT
    echo "{ global: *; local: ${without//,/; }; };" >"$exports"
    "$compiler" -shared -pthread -Wl,--version-script="$exports" -o "$reduced" "${objects[@]}"
    library=$reduced
fi
echo "$library"
