"""softmax over the last axis: PyTorch in float64."""
import torch

from fixture import Fixture, formula

CASES = [("classes", [13, 91], 4), ("two", [40, 2], 4), ("fours", [9, 8], 4), ("one", [5, 1], 4),
         ("large", [7, 6], 3000), ("map", [2, 3, 4, 5], 10), ("equal", [3, 7], 0), ("empty", [0, 5], 1)]


def generate():
    fixture = Fixture("softmax")
    for name, shape, scale in CASES:
        x = (torch.from_numpy(formula(shape, 50).copy()) * scale).double()
        fixture.case(name, {"x": x}, {"y": torch.softmax(x, -1)})
    fixture.save()
