"""unary and binary, and their gradients: PyTorch in float64. Axes are in the engine's order already (last = channels)."""
import torch

from fixture import Fixture, formula, gradients

UNARY = {"relu": torch.relu, "sigmoid": torch.sigmoid, "exp": torch.exp, "log": torch.log, "sqrt": torch.sqrt,
         "abs": torch.abs, "neg": torch.neg, "tanh": torch.tanh}
BINARY = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "max": torch.maximum,
          "min": torch.minimum, "pow": torch.pow}

# name, a's shape and layout, b's shape and layout
SHAPES = [
    ("equal", [2, 3, 5, 8], "channels4", [2, 3, 5, 8], "channels4"),
    ("equal_odd", [1, 3, 5, 7], "channels4", [1, 3, 5, 7], "channels4"),
    ("equal_dense", [13, 3], "dense", [13, 3], "dense"),
    ("channels", [2, 3, 2, 5], "channels4", [5], "dense"),
    ("channels_first", [5], "dense", [2, 3, 2, 5], "channels4"),
    ("image", [2, 3, 4, 6], "channels4", [2, 1, 1, 6], "channels4"),
    ("one_channel", [2, 3, 4, 6], "channels4", [2, 3, 4, 1], "channels4"),
    ("both_stretch", [3, 1, 6], "channels4", [1, 4, 1], "dense"),
    ("scalar", [3, 4, 5], "channels4", [1], "dense"),
    ("mixed", [9, 5], "channels4", [9, 5], "dense"),
    ("boxes", [11, 4], "dense", [4], "dense"),
    ("dense_stretch", [4, 1, 3], "dense", [5, 1], "dense"),
    ("empty", [0, 4], "dense", [4], "dense"),
    ("empty_map", [0, 2, 2, 4], "channels4", [4], "dense"),
]


def generate():
    fixture = Fixture("elementwise")
    for name, function in UNARY.items():
        for shape, layout in (([2, 3, 5, 8], "channels4"), ([3, 5, 7], "channels4"), ([5, 7], "dense"),
                              ([0, 3, 4], "channels4")):
            x = torch.from_numpy(formula(shape, 1).copy()).double() * (100 if name in ("sigmoid", "tanh") else 4)
            x = x.float().double()
            if name in ("log", "sqrt"):
                x = x.abs() + (0.01 if name == "log" else 0)
                x = x.float().double()
            x = x.requires_grad_()
            y = function(x)
            fixture.case(f"unary_{name}_{layout}_{'x'.join(map(str, shape))}", {"x": x},
                         {"y": y, **gradients(y, {"x": x})}, op="unary", function=name, layout=layout)
    for name, a_shape, a_layout, b_shape, b_layout in SHAPES:
        functions = BINARY if name in ("equal", "equal_odd", "mixed") else ["add", "mul", "div"]
        for function in functions:
            a = torch.from_numpy(formula(a_shape, 2).copy()) * 3
            b = torch.from_numpy(formula(b_shape, 3).copy()) * 2
            if function == "div":
                b = b + 0.25 * torch.where(b < 0, -1.0, 1.0)
            if function == "pow":
                b = torch.round(b * 2)
                a = a + 0.25 * torch.where(a < 0, -1.0, 1.0)
            a, b = a.double().requires_grad_(), b.double().requires_grad_()
            for activation in ("none", "relu") if function == "add" else ("none",):
                y = BINARY[function](a, b)
                y = torch.relu(y) if activation == "relu" else y
                leaves = {"a": a} if function == "pow" else {"a": a, "b": b}  # no gradient for exponents
                fixture.case(f"binary_{name}_{function}_{activation}", {"a": a, "b": b},
                             {"y": y, **gradients(y, leaves)}, op="binary",
                             function=function, activation=activation, layouts=[a_layout, b_layout])
    fixture.save()
