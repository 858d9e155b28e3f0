"""resize: torch.nn.functional.interpolate; upsampleAdd: the top-down step of torchvision's FeaturePyramidNetwork; with gradients.

Nearest neighbour is made in float32, since its choice of neighbours depends on the precision of the scale.
"""
import torch
from torch.nn import functional as F

from fixture import Fixture, formula, gradients

CASES = [("double", [1, 8, 5, 6], [10, 12]), ("odd", [2, 5, 7, 9], [13, 11]), ("down", [1, 4, 17, 23], [5, 7]),
         ("same", [1, 3, 6, 5], [6, 5]), ("from_one", [1, 4, 1, 1], [4, 3]), ("to_one", [1, 4, 9, 7], [1, 1]),
         ("thirds", [1, 4, 49, 3], [147, 41]), ("empty", [0, 4, 3, 3], [6, 6])]
STEPS = [("even", [1, 8, 4, 5], [1, 8, 8, 10]), ("odd", [2, 6, 7, 10], [2, 6, 13, 19]), ("same", [1, 4, 3, 3], [1, 4, 3, 3])]


def interpolate(x, size, mode):
    if x.shape[0] == 0:  # PyTorch refuses empty batches
        return x.new_zeros((0, x.shape[1], *size))
    if mode == "nearest":
        return F.interpolate(x.float(), size=size, mode=mode).double()
    return F.interpolate(x, size=size, mode=mode, align_corners=False)


def generate():
    fixture = Fixture("resize")
    for name, shape, size in CASES:
        x = torch.from_numpy(formula(shape, 60).copy()).double().requires_grad_()
        for mode in ("nearest", "bilinear"):
            y = interpolate(x, size, mode)
            d_x = gradients(y, {"x": x}) if shape[0] > 0 else {"d_x": x}
            fixture.case(f"{mode}_{name}", {"x": x}, {"y": y, **d_x}, op="resize", size=size, mode=mode)
    for name, top_shape, lateral_shape in STEPS:
        top = torch.from_numpy(formula(top_shape, 61).copy()).double().requires_grad_()
        lateral = torch.from_numpy(formula(lateral_shape, 62).copy()).double().requires_grad_()
        y = lateral + interpolate(top, lateral_shape[2:], "nearest")
        outputs = {"y": y, **gradients(y, {"top": top, "lateral": lateral})}
        fixture.case(f"add_{name}", {"top": top, "lateral": lateral}, outputs, op="upsampleAdd")
    fixture.save()
