#!/usr/bin/env python3
"""Writes the benchmark's models as ONNX files, with weights by formula: export_onnx.py MODEL FILE.

Needs PyTorch 1.13 and torchvision 0.14 (Debian's python3-torch and python3-torchvision), and no package onnx.
MODEL is resnet50 (input [1, 3, 224, 224], normalised) or mask_rcnn (input [3, 320, 320], values 0 to 1).
"""
import os
import sys
import warnings

import torch
import torchvision

from formula_weights import fill

OPSET = 11  # the one that torchvision's detection models are written for


def resnet50():
    model = fill(torchvision.models.resnet50(weights=None))
    return model, torch.zeros(1, 3, 224, 224), ["logits"]


def mask_rcnn():
    model = torchvision.models.detection.maskrcnn_resnet50_fpn(
        weights=None, weights_backbone=None, num_classes=91, min_size=320, max_size=320)
    # tracing needs an image in which something is found
    image = torch.linspace(0, 1, 3 * 320 * 320).reshape(3, 320, 320)
    return fill(model), [image], ["boxes", "labels", "scores", "masks"]


MODELS = {"resnet50": resnet50, "mask_rcnn": mask_rcnn}

if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in MODELS:
        sys.exit(__doc__)
    warnings.simplefilter("ignore")
    model, example, outputs = MODELS[sys.argv[1]]()
    aside = f"{sys.argv[2]}.{os.getpid()}.tmp"
    torch.onnx.export(model, (example,), aside, opset_version=OPSET, input_names=["image"], output_names=outputs)
    os.replace(aside, sys.argv[2])
