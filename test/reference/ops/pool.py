"""maxPool2d and avgPool2d, and their gradients: torch.nn.functional in float64. The cotangent has seed 9."""
import torch
from torch.nn import functional as F

from fixture import Fixture, formula, gradients

# name, shape, kernel, stride, padding, dilation, ceil mode
MAX = [
    ("stem", [1, 8, 16, 16], [3, 3], [2, 2], [1, 1], [1, 1], False),
    ("odd", [2, 5, 15, 11], [3, 3], [2, 2], [1, 1], [1, 1], False),
    ("ceil", [1, 3, 8, 10], [3, 3], [2, 2], [0, 0], [1, 1], True),
    ("ceil_padding", [1, 4, 7, 6], [2, 2], [2, 2], [1, 1], [1, 1], True),
    ("dilated", [1, 6, 13, 17], [3, 2], [2, 3], [1, 0], [2, 3], False),
    ("dilated_ceil", [1, 4, 12, 9], [2, 3], [3, 2], [1, 1], [2, 2], True),
    ("subsample", [1, 9, 13, 13], [1, 1], [2, 2], [0, 0], [1, 1], False),
    ("uneven", [1, 4, 9, 5], [5, 1], [1, 3], [2, 0], [1, 1], False),
    ("ties", [2, 6, 9, 8], [3, 3], [1, 2], [1, 1], [1, 1], False),
    ("dilated_ties", [1, 4, 9, 8], [3, 2], [1, 1], [1, 1], [2, 1], False),
    ("empty", [0, 4, 6, 6], [3, 3], [2, 2], [1, 1], [1, 1], False),
]
# name, shape, kernel, stride, padding, ceil mode, count_include_pad
AVERAGE = [
    ("plain", [1, 8, 8, 8], [2, 2], [2, 2], [0, 0], False, True),
    ("global", [1, 70, 7, 7], [7, 7], [7, 7], [0, 0], False, True),
    ("padded", [2, 5, 9, 7], [3, 3], [2, 2], [1, 1], False, True),
    ("padded_exclude", [2, 5, 9, 7], [3, 3], [2, 2], [1, 1], False, False),
    ("ceil", [1, 3, 8, 10], [3, 3], [2, 2], [1, 1], True, True),
    ("ceil_exclude", [1, 3, 8, 10], [3, 3], [2, 2], [1, 1], True, False),
    ("ceil_uneven", [1, 4, 10, 7], [4, 3], [3, 2], [2, 0], True, True),
    ("empty", [0, 4, 6, 6], [3, 3], [2, 2], [1, 1], False, True),
]


def generate():
    fixture = Fixture("pool")
    for name, shape, kernel, stride, padding, dilation, ceil in MAX:
        x = torch.from_numpy(formula(shape, 5).copy()).double() - 2  # all negative: padding with zeros would show
        x = (x.round() if "ties" in name else x).requires_grad_()
        y = F.max_pool2d(x, kernel, stride, padding, dilation, ceil)
        fixture.case(f"max_{name}", {"x": x}, {"y": y, **gradients(y, {"x": x})}, op="max", kernel=kernel, stride=stride, padding=padding,
                     dilation=dilation, ceilMode=ceil)
    for name, shape, kernel, stride, padding, ceil, include in AVERAGE:
        x = torch.from_numpy(formula(shape, 6).copy()).double() + 1
        x.requires_grad_()
        y = F.avg_pool2d(x, kernel, stride, padding, ceil, include)
        fixture.case(f"average_{name}", {"x": x}, {"y": y, **gradients(y, {"x": x})}, op="average", kernel=kernel, stride=stride,
                     padding=padding, ceilMode=ceil, countIncludePad=include)
    fixture.save()
