"""Times training steps of the presets' models in PyTorch, eager and compiled, and writes them as JSON.

    python3 pytorch_steps.py --preset notebook --batch 64 --precision high --out FILE

A step is what TinyFlow's is: noise on pixels that lie on the device, forward, backward, clipping, Adam. Compiled means
torch.compile in mode reduce-overhead, which captures forward and backward pass in CUDA graphs; Adam is PyTorch's fused one.
"""
import argparse
import json
import statistics
import sys
import time
import traceback

import torch

from models import MODELS, SIZE

WARM_STEPS = 5
CHUNK = 20  # Steps between two looks at the clock, each of which waits for the device.


def set_precision(name):
    """The same products as TinyFlow's --precision: float32, or TF32, in matrix products and convolutions."""
    if name == "medium":
        return torch.bfloat16
    torch.backends.cuda.matmul.allow_tf32 = name == "high"
    torch.backends.cudnn.allow_tf32 = name == "high"
    return None


def make_step(model, device, batch, cast, compiled):
    pixels = torch.randint(0, 256, (8 * batch, 1, SIZE, SIZE), dtype=torch.uint8, device=device)
    groups = model.groups()
    options = {"lr": model.learning_rate}
    if device.type == "cuda":
        options["fused"] = True
    optimizer = torch.optim.Adam([{"params": p, "weight_decay": d} for p, d, _ in groups], **options)

    def loss_of(x):
        if cast is None:
            return model.loss(x)
        with torch.autocast(device.type, dtype=cast):
            return model.loss(x)

    if compiled:
        loss_of = torch.compile(loss_of, mode="reduce-overhead")
    state = {"row": 0}

    def step():
        first = state["row"] % 8 * batch
        state["row"] += 1
        chosen = pixels[first:first + batch]
        x = (chosen.float() + torch.rand(chosen.shape, device=device)) / 256
        loss = loss_of(x)
        loss.backward()
        for parameters, _, norm in groups:
            if norm is not None:
                torch.nn.utils.clip_grad_norm_(parameters, norm)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss

    return step


def synchronize(device):
    if device.type == "cuda":
        torch.cuda.synchronize()


def measure(step, device, seconds):
    for _ in range(WARM_STEPS):
        loss = step()
    synchronize(device)
    times, end = [], time.perf_counter() + seconds
    while not times or (time.perf_counter() < end):
        begin = time.perf_counter()
        for _ in range(CHUNK if device.type == "cuda" else 1):
            loss = step()
        synchronize(device)
        times.append((time.perf_counter() - begin) / (CHUNK if device.type == "cuda" else 1))
    return {"milliseconds": 1e3 * statistics.median(times), "fastest_milliseconds": 1e3 * min(times), "chunks": len(times), "loss": float(loss)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--preset", choices=MODELS, required=True)
    arguments.add_argument("--batch", type=int, required=True)
    arguments.add_argument("--precision", choices=("highest", "high", "medium"), required=True)
    arguments.add_argument("--seconds", type=float, default=2.0, help="of steps of each kind")
    arguments.add_argument("--compiled", choices=("yes", "no"), default="yes")
    arguments.add_argument("--device", default="cuda")
    arguments.add_argument("--out", required=True)
    options = arguments.parse_args()

    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        sys.exit("pytorch_steps: this PyTorch finds no GPU.")
    result = {
        "preset": options.preset, "batch": options.batch, "precision": options.precision, "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
    }
    torch.backends.cudnn.benchmark = True
    cast = set_precision(options.precision)
    for name in ("eager", "compiled") if options.compiled == "yes" else ("eager",):
        torch.manual_seed(0)
        try:
            model = MODELS[options.preset]().to(device)
            result["parameters"] = sum(p.numel() for p in model.parameters())
            result[name] = measure(make_step(model, device, options.batch, cast, name == "compiled"), device, options.seconds)
        except Exception as error:  # One that fails must not hide the other.
            traceback.print_exc()
            result[name] = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        # Written after each: a time limit leaves what is done.
        with open(options.out, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=2)


if __name__ == "__main__":
    main()
