"""Trains torchvision's Mask R-CNN on a fixed batch: torchvision_train.py slim|r50 IDS cpu|cuda RATE.

IDS, with commas between them, are of ../shared/data/nuclei/annotations/train_rle.json. Prints {"device"} as one line of JSON,
then for each line on stdin takes one step and prints {"milliseconds", "losses"}. A step goes from decoded images, boxes and
masks in the computer's memory to the new weights: transfer, resizing, losses, gradients, clipping at 10, SGD.
"""
import json
import os
import sys
import time
from pathlib import Path

import torch

BENCH = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(BENCH), str(BENCH.parent / "test" / "reference")]
import formula_weights  # noqa: E402
from models import training  # noqa: E402


def build(name):
    if name == "slim":
        return training.slim()
    model = training.r50()
    with torch.no_grad():
        formula_weights.fill(model)
    return model


def single(values):
    return {key: value.float() if value.is_floating_point() else value for key, value in values.items()}


def main(name, ids, device, rate):
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    model = build(name).float().train().to(device)
    for parameter_name, parameter in model.named_parameters():
        parameter.requires_grad_(not parameter_name.startswith("backbone.body.conv1"))
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(trained, float(rate), 0.9, weight_decay=1e-4)
    images, targets = training.nuclei([int(one) for one in ids.split(",")])
    images, targets = [image.float() for image in images], [single(target) for target in targets]
    title = torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    print(json.dumps({"device": f"PyTorch {torch.__version__}, {title}"}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        losses = model([image.to(device) for image in images],
                       [{key: value.to(device) for key, value in target.items()} for target in targets])
        optimizer.zero_grad()
        sum(losses.values()).backward()
        torch.nn.utils.clip_grad_norm_(trained, 10)
        optimizer.step()
        values = {key: float(value) for key, value in losses.items()}
        if device == "cuda":
            torch.cuda.synchronize()
        print(json.dumps({"milliseconds": (time.perf_counter() - start) * 1000, "losses": values}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:5])
