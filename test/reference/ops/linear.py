"""linear: float64 torch.nn.functional.linear of the flattened input, and its gradients.

Inputs: formula() of seeds 1 (x), 2 (weight), 3 (bias); cotangent: seed 9.
"""
import math

import torch
import torch.nn.functional as F

from fixture import Fixture, formula, gradients

# name: x [M, K] or [M, C, H, W], outputs, then what differs from the defaults
CASES = {
    "matrix": ([9, 40], 24, {"bias": True}),
    "matrix, odd sizes": ([7, 37], 91, {"bias": True, "activation": "relu"}),
    "matrix, many rows": ([150, 130], 10, {"bias": True, "activation": "sigmoid"}),
    "matrix, long rows": ([64, 17002], 228, {"bias": True, "activation": "relu"}),
    "one of each": ([1, 1], 1, {}),
    "map": ([5, 8, 7, 7], 33, {"bias": True, "activation": "relu"}),
    "map, odd sizes": ([3, 5, 3, 2], 18, {"bias": True}),
    "no rows": ([0, 16], 8, {"bias": True}),
    "no maps": ([0, 4, 7, 7], 8, {}),
}


def generate():
    fixture = Fixture("linear")
    activations = {"none": lambda x: x, "relu": torch.relu, "sigmoid": torch.sigmoid}
    for name, (x_shape, outputs, case) in CASES.items():
        case = {"activation": "none", "bias": False, **case}
        tensor = lambda shape, seed: torch.from_numpy(formula(shape, seed)).double().requires_grad_()
        x = tensor(x_shape, 1)
        weight = tensor([outputs, math.prod(x_shape[1:])], 2)
        bias = tensor([outputs], 3) if case["bias"] else None
        y = activations[case["activation"]](F.linear(x.flatten(1), weight, bias))
        # the gradients of the largest case would be megabytes
        leaves = {"x": x, "weight": weight, "bias": bias} if weight.numel() < 1e6 else {}
        fixture.case(name, {}, {"y": y, **(gradients(y, leaves) if leaves else {})}, x=x_shape,
                     weight=list(weight.shape), **case)
    fixture.save()
