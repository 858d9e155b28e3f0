"""Weights by formula: the same rule as test/models/formula_weights.ts, bit for bit.

The parameters are sorted by name, and parameter i is base + scale * formula(shape, i), where base and scale follow from
its name and shape alone (see rule()). All arithmetic is in f32, scale and base being f32 values.
"""
import numpy as np
import torch

from fixture import formula
from ops._rle import counts_of, string_of


def rule(name, shape, scales):
    """(base, scale) of a parameter. `scales`: factors by the start or the end of a name, the first that fits counts."""
    factor = next((value for part, value in scales.items() if name.startswith(part) or name.endswith(part)), 1.0)
    if name.endswith("running_var"):
        return 1.0, 0.25 * factor
    if name.endswith("running_mean"):
        return 0.0, 0.125 * factor
    if name.endswith(".bias"):
        return 0.0, 0.125 * factor
    if len(shape) == 1:
        return 1.0 * factor, 0.25 * factor
    fan_in = int(np.prod(shape[1:]))
    return 0.0, factor * float(np.sqrt(6.0 / fan_in))


def fill(model, scales):
    """Overwrites every parameter and buffer of a model."""
    state = {k: v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}
    for index, name in enumerate(sorted(state)):
        base, scale = rule(name, tuple(state[name].shape), scales)
        values = np.float32(base) + np.float32(scale) * formula(tuple(state[name].shape), index)
        state[name].copy_(torch.from_numpy(values))


@torch.no_grad()
def centre(model, image, background):
    """Sets the biases of the class scores so that each class has a mean of 0 over the proposals of an image, and the
    background `background`; likewise the biases of the mask logits. Without it one class wins everywhere, and masks are
    full or empty. Gives the biases by name, to be stored."""
    biases = {}
    for layer, first in (("roi_heads.box_predictor.cls_score", background),
                         ("roi_heads.mask_predictor.mask_fcn_logits", 0)):
        module = model.get_submodule(layer)
        outputs = []
        hook = module.register_forward_hook(lambda module, inputs, output: outputs.append(output))
        model([image])
        hook.remove()
        centred = module.bias - outputs[0].transpose(0, 1).flatten(1).mean(1)
        centred[0] += first
        biases[f"{layer}.bias"] = [round(v, 3) for v in centred.tolist()]
        module.bias.copy_(torch.tensor(biases[f"{layer}.bias"]))
    return biases


def as_input(pixels):
    """[height, width, 3] of 8 bits to what torchvision's models take."""
    return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255


def pattern(height, width, seed):
    """A smooth 8-bit RGB image of integer arithmetic alone: triangle waves along lines, [height, width, 3]."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    image = np.zeros((height, width, 3), np.uint8)
    for c in range(3):
        total = np.zeros((height, width), np.int64)
        for k in range(4):
            a, b = (seed * 7 + c * 5 + k * 3) % 11 + 1, (seed * 5 + c * 3 + k * 7) % 13 + 1
            phase = (a * x + (b - 6) * y) * (k + 1) // 3 + 64 * c
            total += np.abs(phase % 512 - 256)
        image[:, :, c] = total // 4 * 255 // 256
    return image


def rle(mask):
    """COCO's compressed RLE of a [height, width] mask."""
    return {"size": list(mask.shape), "counts": string_of(counts_of(mask)).decode()}


def detections(output, threshold=0.5):
    """torchvision's output on one image as JSON: boxes x1 y1 x2 y2, masks pasted and thresholded."""
    rows = zip(output["boxes"].tolist(), output["scores"].tolist(), output["labels"].tolist(), output["masks"])
    return [{"box": [round(v, 4) for v in box], "score": round(score, 6), "label": label, "mask": rle(mask[0] > threshold)}
            for box, score, label, mask in rows]
