"""conv_transpose2d: float64 torch.nn.functional.conv_transpose2d, and its gradients.

Inputs: formula() of seeds 1 (x), 2 (weight), 3 (bias); cotangent: seed 9.
"""
import torch
import torch.nn.functional as F

from fixture import Fixture, formula, gradients

# name: x [N, C, H, W], weight [C, O / groups, kh, kw], then what differs from the defaults
CASES = {
    "blocks": ([3, 8, 5, 7], [8, 12, 2, 2], {"stride": [2, 2], "bias": True, "activation": "relu"}),
    "blocks, odd channels": ([2, 37, 3, 4], [37, 6, 2, 2], {"stride": [2, 2], "bias": True}),
    "blocks of 3 x 2": ([1, 5, 4, 3], [5, 9, 3, 2], {"stride": [3, 2], "activation": "sigmoid"}),
    "blocks of 1": ([1, 9, 4, 3], [9, 5, 1, 1], {"bias": True}),
    "blocks, many rows": ([9, 20, 4, 4], [20, 4, 2, 2], {"stride": [2, 2], "bias": True, "activation": "sigmoid"}),
    "overlapping": ([2, 6, 5, 4], [6, 7, 3, 3], {"stride": [2, 2], "padding": [1, 1], "outputPadding": [1, 1],
                                                "bias": True}),
    "gaps": ([1, 4, 4, 3], [4, 5, 2, 2], {"stride": [3, 3], "bias": True, "activation": "relu"}),
    "stride 1": ([1, 4, 6, 5], [4, 3, 4, 3], {"padding": [2, 0]}),
    "odd everything": ([2, 6, 4, 5], [6, 5, 3, 2], {"stride": [2, 3], "padding": [2, 1], "outputPadding": [1, 0],
                                                  "dilation": [2, 3], "groups": 2, "bias": True}),
    "no images": ([0, 8, 5, 5], [8, 4, 2, 2], {"stride": [2, 2], "bias": True}),
}


def generate():
    fixture = Fixture("conv_transpose2d")
    activations = {"none": lambda x: x, "relu": torch.relu, "sigmoid": torch.sigmoid}
    for name, (x_shape, w_shape, case) in CASES.items():
        case = {"stride": [1, 1], "padding": [0, 0], "outputPadding": [0, 0], "dilation": [1, 1], "groups": 1,
                "activation": "none", "bias": False, **case}
        tensor = lambda shape, seed: torch.from_numpy(formula(shape, seed)).double().requires_grad_()
        x, weight = tensor(x_shape, 1), tensor(w_shape, 2)
        bias = tensor([w_shape[1] * case["groups"]], 3) if case["bias"] else None
        y = F.conv_transpose2d(x, weight, bias, case["stride"], case["padding"],
                               case["outputPadding"], case["groups"], case["dilation"])
        y = activations[case["activation"]](y)
        fixture.case(name, {}, {"y": y, **gradients(y, {"x": x, "weight": weight, "bias": bias})}, x=x_shape,
                     weight=w_shape, **case)
    fixture.save()
