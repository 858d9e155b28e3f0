"""matmul: float64 torch.matmul, with gradients. Inputs: formula() of seeds 1 (a) and 2 (b), in the shapes that the op gets."""
import torch

from fixture import Fixture, formula, gradients

# name: a, b, transpose a, transpose b
CASES = {
    "square": ([32, 32], [32, 32], False, False),
    "odd sizes": ([13, 37], [37, 19], False, False),
    "a transposed": ([37, 13], [37, 18], True, False),
    "b transposed": ([13, 37], [19, 37], False, True),
    "both transposed": ([66, 5], [7, 66], True, True),
    "many rows": ([200, 70], [70, 36], False, False),
    "batch": ([3, 9, 20], [3, 20, 11], False, False),
    "batch of two axes, transposed": ([2, 3, 9, 6], [2, 3, 5, 9], True, True),
    "one of each": ([1, 1], [1, 1], False, False),
    "no inner axis": ([3, 0], [0, 5], False, False),
    "no rows": ([0, 4], [4, 5], False, False),
    "no batch": ([0, 3, 4], [0, 4, 5], False, False),
}


def generate():
    fixture = Fixture("matmul")
    for name, (a_shape, b_shape, transpose_a, transpose_b) in CASES.items():
        a, b = (torch.from_numpy(formula(shape, seed)).double().requires_grad_() for shape, seed in ((a_shape, 1), (b_shape, 2)))
        y = torch.matmul(a.transpose(-1, -2) if transpose_a else a, b.transpose(-1, -2) if transpose_b else b)
        fixture.case(name, {}, {"y": y, **gradients(y, {"a": a, "b": b})}, a=a_shape, b=b_shape, transposeA=transpose_a, transposeB=transpose_b)
    fixture.save()
