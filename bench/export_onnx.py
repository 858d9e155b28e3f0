#!/usr/bin/env python3
"""Writes the benchmark's models as ONNX files: export_onnx.py MODEL FILE [WEIGHTS].

Needs PyTorch 1.13 and torchvision 0.14 (Debian's python3-torch and python3-torchvision), and no package onnx.
MODEL is conv3x3 (input [1, 256, 56, 56]), resnet50 (input [1, 3, 224, 224], normalised), mask_rcnn, mask_rcnn_800 or
slim (inputs [3, 320, 320], [3, 800, 1066] and [3, 520, 696], values 0 to 1). Shapes are static. Weights are those of a safetensors file, or by formula.
"""
import inspect
import os
import sys
import warnings
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent / "peers"))
from torchvision_models import build  # noqa: E402

OPSET = 11  # the one that torchvision's detection models are written for


def classifier():
    return torch.zeros(1, 3, 224, 224), ["logits"]


def detector(height, width):
    # tracing needs an image in which something is found
    image = torch.linspace(0, 1, 3 * height * width).reshape(3, height, width)
    return [image], ["boxes", "labels", "scores", "masks"]


MODELS = {
    "conv3x3": lambda: (torch.zeros(1, 256, 56, 56), ["y"]),
    "resnet50": classifier,
    "mask_rcnn": lambda: detector(320, 320),
    "mask_rcnn_800": lambda: detector(800, 1066),
    "slim": lambda: detector(520, 696),
}

if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in MODELS:
        sys.exit(__doc__)
    warnings.simplefilter("ignore")
    example, outputs = MODELS[sys.argv[1]]()
    model = build(sys.argv[1], *sys.argv[3:])
    aside = f"{sys.argv[2]}.{os.getpid()}.tmp"
    # newer ones would take another exporter, which needs a package more
    tracing = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    torch.onnx.export(
        model, (example,), aside, opset_version=OPSET, input_names=["image"], output_names=outputs, **tracing)
    os.replace(aside, sys.argv[2])
