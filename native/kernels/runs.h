// Maps of one or two operands that are broadcast to a full shape: contiguous runs of the full shape, along which an operand
// is contiguous too, or one element.
#pragma once
#include "loops.h"
#include "quads.h"

struct tf_runs {
    tf_loops loops; // Operands: the full shape, a, b. The innermost loop is over the quads of a run.
    tf_i64 rounds, length, a_distance, b_distance; // Of all loops; a run's elements; 1, or 0 where an operand is repeated.
};

// Does Work's part for each four of a run.
template <class Work, class Arguments> TF_DEVICE void tf_for_runs(const Arguments& a) {
    TF_GRID_STRIDE(round, a.runs.rounds) {
        tf_offsets at = tf_locate(a.runs.loops, round);
        tf_i64 rest = a.runs.length - 4 * at.innermost;
        if (a.vectors && rest >= 4) {
            Work::template run<tf_whole>(a, at, 4);
        } else {
            Work::template run<tf_part>(a, at, rest);
        }
    }
}
