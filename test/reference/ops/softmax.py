"""softmax over the last axis, and its gradient: PyTorch in float64."""
import torch

from fixture import Fixture, formula, gradients

CASES = [("classes", [13, 91], 4), ("two", [40, 2], 4), ("fours", [9, 8], 4), ("one", [5, 1], 4),
         ("large", [7, 6], 3000), ("map", [2, 3, 4, 5], 10), ("equal", [3, 7], 0), ("empty", [0, 5], 1)]


def generate():
    fixture = Fixture("softmax")
    for name, shape, scale in CASES:
        x = (torch.from_numpy(formula(shape, 50).copy()) * scale).double()
        x.requires_grad_()
        y = torch.softmax(x, -1)
        d_x = gradients(y, {"x": x})["d_x"]
        # a saturated row's gradient is too small for f32
        fixture.case(name, {"x": x}, {"y": y, "d_x": torch.where(d_x.abs() < 1e-30, torch.zeros_like(d_x), d_x)})
    fixture.save()
