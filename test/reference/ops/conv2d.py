"""conv2d: float64 torch.nn.functional.conv2d, and its gradients for a cotangent of formula() with seed 9.

Inputs are formula() of seeds 1 (x), 2 (weight), 3 (bias), 4 (residual).
"""
import torch
import torch.nn.functional as F

from fixture import Fixture, formula, gradients

ACTIVATIONS = {"none": lambda x: x, "relu": torch.relu, "sigmoid": torch.sigmoid}

# name: x [N, C, H, W], weight [O, C / groups, kh, kw], then what differs from the defaults
CASES = {
    "pointwise": ([2, 12, 7, 9], [20, 12, 1, 1], {}),
    # its weight gradient is computed from the other side
    "pointwise, few outputs": ([3, 40, 6, 7], [3, 40, 1, 1], {"bias": True}),
    "pointwise, odd channels": ([1, 5, 6, 11], [3, 5, 1, 1], {"bias": True, "activation": "sigmoid"}),
    "pointwise, stride 2": ([1, 36, 9, 8], [18, 36, 1, 1], {"stride": [2, 2], "bias": True}),
    "pointwise, padded": ([1, 4, 5, 5], [6, 4, 1, 1], {"padding": [1, 2], "bias": True}),
    "one channel to one": ([1, 1, 4, 4], [1, 1, 3, 3], {"padding": [1, 1]}),
    "3x3": ([1, 8, 10, 13], [16, 8, 3, 3], {"padding": [1, 1], "bias": True}),
    "3x3, no padding": ([2, 7, 9, 6], [10, 7, 3, 3], {"activation": "relu"}),
    "3x3, wide padding": ([1, 6, 5, 7], [5, 6, 3, 3], {"padding": [2, 0], "bias": True}),
    "3x3, residual and relu": ([2, 16, 7, 7], [37, 16, 3, 3],
                               {"padding": [1, 1], "bias": True, "residual": True, "activation": "relu"}),
    "3x3, many channels": ([1, 70, 9, 8], [41, 70, 3, 3], {"padding": [1, 1], "bias": True, "activation": "relu"}),
    "3x3, many images": ([11, 6, 4, 5], [9, 6, 3, 3], {"padding": [1, 1], "bias": True, "activation": "sigmoid"}),
    # more tiles than one run of the Winograd variant holds
    "3x3, several runs": ([5, 1024, 22, 22], [4, 1024, 3, 3], {"padding": [1, 1], "bias": True}),
    "3x3, small image": ([1, 9, 2, 1], [8, 9, 3, 3], {"padding": [1, 1]}),
    "3x3, stride 2": ([1, 16, 11, 14], [12, 16, 3, 3], {"stride": [2, 2], "padding": [1, 1], "bias": True}),
    "3x3, dilated": ([1, 8, 9, 10], [8, 8, 3, 3], {"padding": [2, 3], "dilation": [2, 3], "residual": True}),
    "3x3, groups": ([2, 12, 6, 7], [18, 4, 3, 3], {"padding": [1, 1], "groups": 3, "bias": True, "residual": True,
                                                  "activation": "relu"}),
    "depthwise": ([1, 10, 8, 5], [10, 1, 3, 3], {"padding": [1, 1], "groups": 10}),
    "7x7, stride 2": ([1, 3, 23, 26], [20, 3, 7, 7], {"stride": [2, 2], "padding": [3, 3], "bias": True,
                                                     "activation": "relu"}),
    "odd everything": ([2, 5, 13, 11], [7, 5, 5, 2], {"stride": [3, 2], "padding": [1, 2], "dilation": [2, 3],
                                                      "bias": True, "activation": "relu"}),
    "whole image": ([3, 6, 4, 5], [11, 6, 4, 5], {"bias": True}),
    "no images": ([0, 8, 6, 6], [8, 8, 3, 3], {"padding": [1, 1], "bias": True}),
}


def generate():
    fixture = Fixture("conv2d")
    for name, (x_shape, w_shape, case) in CASES.items():
        case = {"stride": [1, 1], "padding": [0, 0], "dilation": [1, 1], "groups": 1, "activation": "none",
                "bias": False, "residual": False, **case}
        tensor = lambda shape, seed: torch.from_numpy(formula(shape, seed)).double().requires_grad_()
        x, weight = tensor(x_shape, 1), tensor(w_shape, 2)
        bias = tensor([w_shape[0]], 3) if case["bias"] else None
        y = F.conv2d(x, weight, bias, case["stride"], case["padding"], case["dilation"], case["groups"])
        residual = tensor(list(y.shape), 4) if case["residual"] else None
        y = ACTIVATIONS[case["activation"]](y if residual is None else y + residual)
        # the gradients of the largest case would be megabytes
        leaves = {"x": x, "weight": weight, "bias": bias, "residual": residual} if x.numel() < 1e6 else {}
        fixture.case(name, {}, {"y": y, **(gradients(y, leaves) if leaves else {})}, x=x_shape, weight=w_shape, **case)
    fixture.save()
