"""Makes summary.md of the JSON files that gpu-check.sh has left in a folder."""
import json
import pathlib
import sys


def load(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def milliseconds(kind):
    return f"{kind['milliseconds']:.3f}" if kind and "milliseconds" in kind else kind["error"] if kind and "error" in kind else "–"


def ratio(theirs, ours):
    return f"{theirs['milliseconds'] / ours['milliseconds']:.2f}" if theirs and ours and "milliseconds" in theirs else "–"


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head), *("| " + " | ".join(map(str, row)) + " |" for row in rows), ""]


def steps(folder):
    rows = []
    for path in sorted(folder.glob("steps-*.json")):
        ours = load(path)
        if ours is None:
            continue
        theirs = load(folder / path.name.replace("steps-", "pytorch-", 1)) or {}
        best, eager, compiled = ours["recorded"] or ours["eager"], theirs.get("eager"), theirs.get("compiled")
        if theirs and theirs.get("parameters") != ours["parameters"]:  # Then they are not the same model.
            eager = compiled = {"error": f"{theirs.get('parameters')} parameters in place of {ours['parameters']}"}
        rows.append((
            ours["preset"], ours["batch"], ours["precision"], milliseconds(ours["eager"]), milliseconds(ours["recorded"]), ours["nodes"],
            f"{100 * best['host_busy_share']:.0f} %", "yes" if ours["are_same"] else "NO", milliseconds(eager), milliseconds(compiled), ratio(eager, best), ratio(compiled, best)))
    head = ("preset", "batch", "precision", "eager ms", "recorded ms", "kernels a step", "host busy", "same bits", "PyTorch eager ms", "compiled ms", "eager ratio", "compiled ratio")
    return ["## Training steps", "", "A ratio above 1: TinyFlow is faster.", "", *table(head, sorted(rows))] if rows else []


def convolutions(folder):
    lines = []
    for path in sorted(folder.glob("convolutions-*.json")):
        found = load(path)
        if found is None:
            continue
        rows = []
        for one in found["passes"]:
            # cuDNN times the default math beside the one that is asked for.
            usable = [a for a in one["algorithms"] if a["status"] == "Success" and one["chosen_math"] in (None, a["math"])]
            chosen = next((a for a in usable if a["algorithm"] == one["chosen"] and a["is_deterministic"]), None)
            fastest = min(usable, key=lambda a: a["milliseconds"], default=None)
            rows.append((
                one["shape"], one["pass"].replace("Cudnn", ""), len(usable), "none" if one["chosen"] is None else one["chosen"],
                milliseconds(chosen), f"{chosen['gigaflop_per_second']:.0f}" if chosen else "–", f"{chosen['workspace_bytes'] / 2**20:.1f}" if chosen else "–", milliseconds(fastest)))
        head = ("shape", "pass", "algorithms", "chosen", "ms", "GFLOP/s", "workspace MiB", "fastest of any ms")
        lines += [f"### {found['preset']}, batch {found['batch']}, {found['precision']}, {found['by']}", "", *table(head, rows)]
    return ["## Convolutions", "", "As cuDNN timed them, with the products of the one that is chosen; chosen is the fastest that sums in a fixed order.", "", *lines] if lines else []


def main():
    folder = pathlib.Path(sys.argv[1])
    parts = load(folder / "parts.json") or {"parts": []}
    devices = [line for name in ("nvidia-smi.txt", "devices.txt") if (folder / name).exists() for line in (folder / name).read_text(encoding="utf-8").splitlines()]
    lines = ["# GPU check", "", f"Commit {parts.get('commit')}." + (" **On the stand-in: no figure here is a GPU's.**" if parts.get("standin") else ""), ""]
    lines += ["```", *devices, "```", ""] if devices else []
    lines += steps(folder)
    kernels = load(folder / "kernels.json")
    if kernels:
        lines += ["## Kernels against the emulator", "", f"{kernels['rows']} rows of the table of ops: {kernels['same']} the same to the bit, {kernels['good']} as promised.", ""]
        if kernels["others"]:
            rows = [(o["name"], "to the bit" if o["is_promised"] else f"{o['allowed']:.1e}", f"{float(o['largest_error']):.1e}", "yes" if o["is_good"] else "NO", o["reason"]) for o in kernels["others"]]
            lines += table(("row", "promised", "largest error", "good", "reason"), rows)
    lines += convolutions(folder)
    modules = load(folder / "modules.json")
    if modules:
        lines += ["## Modules", "", *table(("module", "kernels", "ms to load", "error"), [(m["module"], m["kernels"], f"{m['milliseconds']:.1f}", m["error"] or "") for m in modules])]
    lines += ["## Parts", "", *table(("part", "outcome", "seconds"), [(p["part"], p["outcome"], p["seconds"]) for p in parts["parts"]])]
    (folder / "summary.md").write_text("\n".join(lines), encoding="utf-8")


main()
