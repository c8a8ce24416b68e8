#!/usr/bin/env bash
# All that wants an NVIDIA GPU, in one call of at most nine minutes: tests on the device, kernels against the emulator's
# results, cuDNN's algorithms, step times beside PyTorch's. See native/README.md.
#
#   native/gpu-check.sh --pack FILE.tar.xz    makes a package of all that is needed (39 MB; as .tar.gz a third more); the
#                                             machine with the GPU needs neither .NET nor a network nor this repository.
#                                             Needs the .NET SDK, g++ and xz here.
#   gpu-check.sh OUTDIR                       there, from the unpacked folder: writes JSON files and summary.md into OUTDIR
#   gpu-check.sh --standin OUTDIR             tries the package where no GPU is: on the stand-in, with tiny models. The
#                                             stand-in is built for the processor that packed it
#   gpu-check.sh --presets "notebook paper" --batches "64" OUTDIR     less of it
#
# Exit code: 0 if all parts did what they should, 1 if one did not (summary.md says which), 3 if there is no GPU to be used.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
    sed -n '2,/^set/p' "${BASH_SOURCE[0]}" | sed -e '/^set/d' -e 's/^# \{0,1\}//' >&2
    exit 2
}

pack() { # FILE.tar.xz
    set -e
    local file root staging standin
    file=$(realpath -m "$1")
    root=$(dirname "$here")
    staging=$(mktemp -d)
    # shellcheck disable=SC2064 # The folder of now: the variable is gone at the end.
    trap "rm -rf '$staging'" EXIT
    command -v dotnet >/dev/null || { echo "gpu-check: no 'dotnet' on PATH; packing needs the .NET SDK 10." >&2; exit 2; }
    export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
    local folder=$staging/tinyflow-gpu-check project
    mkdir -p "$folder/ptx" "$folder/gpu"
    # All three into one folder: they share the runtime and the libraries.
    for project in TinyFlow.Cli TinyFlow.Tests bench/Gpu; do
        dotnet publish "$root/$project" -c Release -r linux-x64 --self-contained true -p:DebugType=none -v quiet -nologo -o "$folder/bin" >&2
    done
    # What measures coverage, debugs and draws is not needed there, and is half of it.
    rm -rf "$folder/bin/Microsoft.CodeCoverage" "$folder/bin"/{libInstrumentationEngine,libmscordaccore,libmscordbi,libSkiaSharp,libHarfBuzzSharp}.so
    find "$folder/bin" \( -name '*.xml' -o -name '*.pdb' -o -name '*.resources.dll' \) -delete
    standin=$("$here/build-standin.sh")
    cp "$standin" "$folder/bin/"
    cp "$here"/ptx/*.ptx "$folder/ptx/"
    cp "$here"/gpu/*.py "$folder/gpu/"
    cp "$here/gpu-check.sh" "$folder/"
    git -C "$root" describe --always --dirty >"$folder/COMMIT" 2>/dev/null || echo unknown >"$folder/COMMIT"
    use_standin "$standin"
    "$folder/bin/gpu-bench" record --recorded "$folder/emulator.bin"
    tar -caf "$file" -C "$staging" tinyflow-gpu-check
    echo "gpu-check: $file, $(du -h "$file" | cut -f1)"
}

use_standin() { # FILE
    export TINYFLOW_LIBCUDA=$1 TINYFLOW_LIBCUBLAS=$1 TINYFLOW_LIBCUDNN=$1 TINYFLOW_LIBNCCL=$1 TINYFLOW_STANDIN=$1
}

is_standin=
presets="notebook bjlkeng paper"
batches="64 256 1024"
while [ $# -gt 0 ]; do
    case $1 in
        --pack) [ $# -eq 2 ] || usage; pack "$2"; exit ;;
        --standin) is_standin=1; shift ;;
        --presets) presets=$2; shift 2 ;;
        --batches) batches=$2; shift 2 ;;
        -*) usage ;;
        *) break ;;
    esac
done
[ $# -eq 1 ] || usage
mkdir -p "$1" || exit 2
out=$(cd "$1" && pwd)
bin=$here/bin
[ -x "$bin/gpu-bench" ] || { echo "gpu-check: $bin/gpu-bench is missing. Make the package by 'native/gpu-check.sh --pack FILE.tar.xz', unpack it, and run the gpu-check.sh in it." >&2; exit 2; }

deadline=$((SECONDS + 530))
precisions="highest high"
! "$bin/gpu-bench" steps --help | grep -qi medium || precisions="$precisions medium"
seconds=1.5
small=()
if [ -n "$is_standin" ]; then
    use_standin "$bin/libtinyflow_standin.so"
    batches=2
    presets=${presets%% *}
    precisions=highest
    seconds=0.1
    small=(--hidden 4)
else
    export TINYFLOW_TEST_GPU=1
fi
export DOTNET_CLI_UI_LANGUAGE=en NO_COLOR=1

parts=()
note() { # name, outcome, seconds
    parts+=("{\"part\": \"$1\", \"outcome\": \"$2\", \"seconds\": $3}")
    echo "gpu-check: $1: $2 ($3 s)" >&2
}

# Runs a part within its time and what is left of the whole; its output goes into a log. The part's failure ends nothing.
part() { # name, seconds, command...
    local name=$1 limit=$2 left=$((deadline - SECONDS)) begin=$SECONDS code
    shift 2
    if [ "$left" -lt 5 ]; then
        note "$name" "no time left" 0
        return 1
    fi
    [ "$limit" -lt "$left" ] || limit=$left
    timeout -k 5 "$limit" "$@" >"$out/$name.log" 2>&1
    code=$?
    case $code in
        0) note "$name" ok $((SECONDS - begin)) ;;
        124 | 137) note "$name" "stopped after $limit s" $((SECONDS - begin)) ;;
        *) note "$name" "exit code $code" $((SECONDS - begin)) ;;
    esac
    return $code
}

# Devices, and whether there is one at all.
nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm --format=csv,noheader >"$out/nvidia-smi.txt" 2>/dev/null
if [ -z "$is_standin" ]; then
    # Python's wheels of cuBLAS and cuDNN are where this Python is, which need not be the one of a VIRTUAL_ENV.
    wheels=$(python3 -c 'import os, sys; print(":".join(d for p in sys.path if p for d in [os.path.join(os.path.abspath(p), "nvidia")] if os.path.isdir(d)))' 2>/dev/null)
    [ -z "$wheels" ] || export TINYFLOW_CUDA_PATH="${TINYFLOW_CUDA_PATH:+$TINYFLOW_CUDA_PATH:}$wheels"
fi
timeout -k 5 60 "$bin/tinyflow" devices >"$out/devices.txt" 2>&1
timeout -k 5 120 "$bin/gpu-bench" modules --out "$out/modules.json" 2>"$out/modules.log"
code=$?
if [ $code -eq 3 ]; then
    cat "$out/modules.log" >&2
    echo "gpu-check: there is no GPU to be used here, so nothing was measured. 'gpu-check.sh --standin OUTDIR' tries the package without one." >&2
    exit 3
fi
note modules "$([ $code -eq 0 ] && echo ok || echo "exit code $code")" "$SECONDS"

# 1. The PTX by NVIDIA's own assembler, where it is.
ptxas=$(command -v ptxas || ls /usr/local/cuda*/bin/ptxas 2>/dev/null | head -n 1 ||:)
[ -n "$ptxas" ] || ptxas=$(python3 -c 'import glob, sys; print(next(iter(f for p in sys.path for f in glob.glob(p + "/nvidia/*/bin/ptxas") + glob.glob(p + "/triton/backends/nvidia/bin/ptxas")), ""))' 2>/dev/null)
assemble() {
    local architecture
    for architecture in sm_75 sm_90; do
        printf '%s\0' "$here"/ptx/*.ptx | xargs -0 -n 1 -P "$(nproc)" "$ptxas" -arch=$architecture -v -o /dev/null || return 1
    done
}
if [ -n "$ptxas" ]; then
    export -f assemble
    export ptxas here
    part ptxas 60 bash -c assemble
else
    note ptxas "not found" 0
fi

# 2. Our kernels against the emulator.
part kernels 60 "$bin/gpu-bench" compare --recorded "$here/emulator.bin" --out "$out/kernels.json"

# 3. Steps, the smallest model first; PyTorch's right behind ours, so that the device is in the same state.
python=
if [ -z "$is_standin" ]; then
    for candidate in python3 python; do
        "$candidate" -c 'import torch; raise SystemExit(not torch.cuda.is_available())' >/dev/null 2>&1 && python=$candidate && break
    done
    [ -n "$python" ] || note pytorch "no PyTorch that finds the GPU" 0
fi
for preset in $presets; do
    for batch in $batches; do
        for precision in $precisions; do
            name=$preset-$batch-$precision
            part "steps-$name" 40 "$bin/gpu-bench" steps --preset "$preset" --batch "$batch" --precision "$precision" --seconds "$seconds" "${small[@]}" --out "$out/steps-$name.json"
            if [ -n "$python" ]; then
                # Compiling takes most of a minute: once a model is enough but for the smallest.
                compiled=no
                [ "$batch" = 64 ] && { [ "$preset" = notebook ] || [ "$precision" = high ]; } && compiled=yes
                part "pytorch-$name" 75 "$python" "$here/gpu/pytorch_steps.py" --preset "$preset" --batch "$batch" --precision "$precision" --seconds "$seconds" --compiled $compiled --out "$out/pytorch-$name.json"
            fi
        done
    done
    # 4. cuDNN's algorithms for this preset, behind its steps.
    for precision in $precisions; do
        part "convolutions-$preset-$precision" 25 "$bin/gpu-bench" convolutions --preset "$preset" --batch "${batches%% *}" --precision "$precision" "${small[@]}" --out "$out/convolutions-$preset-$precision.json"
    done
    # 5. The tests, behind the first preset: the figures that matter most are there then.
    if [ "$preset" = "${presets%% *}" ]; then
        filter="FullyQualifiedName~CudaAgainstReferenceTests|FullyQualifiedName~Every_number_on_the_GPU|FullyQualifiedName~TinyFlow.Tests.Cuda"
        [ -z "$is_standin" ] || filter="FullyQualifiedName~Every_number_on_the_GPU"
        part tests 150 "$bin/TinyFlow.Tests" --progress off --filter "$filter" --report-trx --report-trx-filename tests.trx --results-directory "$out"
    fi
done

# 6. NVIDIA's own checks, where they are: of the kernels, in what time is left.
sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda*/bin/compute-sanitizer 2>/dev/null | head -n 1 ||:)
if [ -n "$sanitizer" ]; then
    for tool in memcheck racecheck initcheck; do
        part "sanitizer-$tool" 45 "$sanitizer" --tool $tool --error-exitcode 9 "$bin/gpu-bench" compare --recorded "$here/emulator.bin" --out "$out/sanitizer-$tool.json"
    done
else
    note sanitizer "not found" 0
fi

{
    echo "{\"commit\": \"$(cat "$here/COMMIT" 2>/dev/null)\", \"standin\": ${is_standin:+true}${is_standin:-false}, \"parts\": ["
    (IFS=$'\n'; echo "${parts[*]}" | sed '$!s/$/,/')
    echo "]}"
} | sed 's/true1/true/' >"$out/parts.json"

if command -v python3 >/dev/null; then
    python3 "$here/gpu/summary.py" "$out" || { note summary "exit code $?" 0; cp "$out/parts.json" "$out/summary.md"; failed=1; }
else
    printf '# GPU check\n\nNo python3 for tables; the figures are in the JSON files.\n\n' >"$out/summary.md"
    printf -- '- %s\n' "${parts[@]}" >>"$out/summary.md"
fi
echo "gpu-check: $out/summary.md" >&2
# What is missing on a machine, or has found no time, is no failure; what ran and went wrong is.
[ -z "${failed:-}" ] && ! grep -qE '"outcome": "(exit code|stopped)' "$out/parts.json"
