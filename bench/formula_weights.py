"""Weights and images by formula: bit for bit those of src/bench/formula_weights.ts, so that no file need be shared."""
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test" / "reference"))
from fixture import formula  # noqa: E402

# Beside He's factor: residual branches that keep the sum from growing, and predictors after which there are as many
# proposals and detections as may be, with boxes that are neither all alike nor all the whole image.
GAINS = {
    "bn3.weight": 0.5,
    "rpn.head.cls_logits.weight": 0.03,
    "rpn.head.bbox_pred.weight": 0.004,
    "box_predictor.cls_score.weight": 0.03,
    "box_predictor.bbox_pred.weight": 0.02,
    "mask_predictor.mask_fcn_logits.weight": 0.05,
}


def name_seed(name):
    """FNV-1a over the characters, 32 bits."""
    value = 0x811C9DC5
    for character in name.encode("ascii"):
        value = ((value ^ character) * 0x01000193) & 0xFFFFFFFF
    return value


def formula_weight(name, shape):
    """A parameter by torchvision's name: He-scaled uniform values for weights, the identity for BatchNorms, no bias."""
    gain = next((gain for end, gain in GAINS.items() if name.endswith(end)), 1.0)
    if len(shape) < 2:
        value = gain if name.endswith(("running_var", ".weight")) else 0.0
        return np.full(shape, value, np.float32)
    bound = np.float32(gain * np.sqrt(6 / np.prod(shape[1:])))  # of a uniform distribution of He's variance
    return formula(shape, name_seed(name)) * bound


def fill(model):
    """Gives a model its weights by formula."""
    state = model.state_dict()
    for name, tensor in state.items():
        if tensor.dtype.is_floating_point:
            tensor.copy_(torch.from_numpy(formula_weight(name, list(tensor.shape))))
    return model.eval()


def formula_image(height, width, seed):
    """8-bit RGB [height, width, 3]: patches of 16 pixels in which there are patches of 4 pixels."""
    y, x = np.mgrid[:height, :width]

    def patches(side, seed):
        rows, columns = -(-height // side), -(-width // side)
        levels = ((formula([rows, columns, 3], seed) + 1) * 128).astype(np.int32)
        return levels[y // side, x // side]

    return ((3 * patches(16, seed) + patches(4, seed + 1)) // 4).astype(np.uint8)
