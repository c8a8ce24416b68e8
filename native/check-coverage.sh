#!/usr/bin/env bash
# Tells which lines of the kernels no test has run. Needs g++ and its gcov.
#
#   native/check-coverage.sh --begin    builds the library that counts, forgets former counts, and prints the library's path:
#                                       run tests with TINYFLOW_STANDIN set to it
#   native/check-coverage.sh            lists the lines that were not run; exit code 1 if there are any
set -euo pipefail
cd "$(dirname "$0")"

objects=../artifacts/native/coverage/objects
if [ "${1:-}" = --begin ]; then
    library=$(./build-standin.sh --coverage)
    rm -f $objects/*.gcda
    echo "$library"
    exit
fi

compgen -G "$objects/*.gcda" >/dev/null || {
    echo "check-coverage: nothing was counted. Run native/check-coverage.sh --begin, then tests, to their end." >&2
    exit 2
}

# gcov writes "count:line:text" for each source of each object. A header's line has run if it ran in any object; "#####"
# are lines of code that did not run, "-" no code.
gcov --stdout $objects/*.gcda 2>/dev/null | awk -F: '
    $3 == "Source" { source = $4; next }
    source !~ /^kernels\// { next }
    { count = $1; gsub(/[ *]/, "", count); line = $2 + 0 }
    line == 0 || count == "-" || count == "" || count ~ /^-+$/ { next }
    {
        key = source ":" line
        if (!(key in text)) { order[++lines] = key; text[key] = substr($0, length($1) + length($2) + 3) }
        if (count !~ /^[#=]+$/) run[key] = 1
    }
    END {
        for (i = 1; i <= lines; ++i) if (!(order[i] in run)) { print order[i] ":" text[order[i]]; ++missing }
        printf "coverage: %d of %d lines of kernels run\n", lines - missing, lines
        exit missing > 0 || lines == 0
    }'
