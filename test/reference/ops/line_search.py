"""line_search: torch.optim.LBFGS' strong Wolfe search along functions of one variable, all in attributes (f64).

f(t) = sum of coefficients[i] t^i + ripple cos(frequency t + 1) + sum of w max(0, t - a) for the kinks (a, w).
"""
import torch
from torch.optim.lbfgs import _strong_wolfe

from fixture import Fixture

# name: (coefficients, ripple, frequency, first step, kinks)
CASES = {
    "at once": ([3, -2, 1], 0, 1, 1.0),
    "too long": ([3, -2, 1], 0, 1, 50.0),
    "too short": ([3, -2, 1], 0, 1, 1e-4),
    "quartic, too long": ([0, -1, 0.3, 0, 0.5], 0, 1, 30.0),
    "uphill slope": ([0, -1, 0, 0.2], 0, 1, 2.2),
    "ripples": ([1, -1, 0.05], 0.3, 9, 4.0),
    "ripples, too short": ([1, -3, 0.05], 0.2, 15, 0.01),
    "many ripples": ([0, -0.2, 0.01], 1, 40, 7.0),
    "steep ripples, too short": ([1, -0.5, 0.02], 0.8, 3, 0.001),
    "falls forever": ([0, -1], 0, 1, 1e-30),
    "kink": ([0, -1e-7, 1e9], 0, 1, 1.0),
    "zoom after steps too short": ([0, -1.6] + [0] * 10 + [0.538], 0, 1, 0.01),
    "zoom from far out": ([0, -0.62] + [0] * 10 + [540], 0, 1, 10.0),
    "zoom from far out, ripples": ([0, -1.18] + [0] * 10 + [0.843], 0.95, 40, 10.0),
    "zoom into a valley": ([0, -0.98] + [0] * 10 + [8027], 0.89, 40, 10.0),
    "zoom, degree 9": ([0, -0.24] + [0] * 7 + [1281], 0.99, 40, 10.0),
    "zoom, degree 6": ([0, -1.43] + [0] * 4 + [5144], -0.92, 1, 10.0),
    "zoom, degree 6, ripples": ([0, -1.23] + [0] * 4 + [704.6], 0.57, 40, 10.0),
    "kinks near an end": ([0, -2.83, 0.614], 0, 3, 10.0, [(1.5, 203.44), (1.36, 5.67)]),
    "kinks near an end, ripples": ([0, -2.23, 0.008], 2.36, 9, 3.0, [(0.49, 1.52), (0.07, 0.74), (1.53, 9849.58)]),
    "too short, a kink": ([0, -5.12, 0.052], -1.41, 3, 1.0, [(2.29, 3.68)]),
    "tiny bracket": ([0, -1, 1e12], 0, 1, 1e-3),
}


def generate():
    torch.set_default_dtype(torch.float64)
    fixture = Fixture("line_search")
    for name, (coefficients, ripple, frequency, first, *rest) in CASES.items():
        kinks = rest[0] if rest else []

        def at(x, t, d):
            t = torch.tensor(float(t), requires_grad=True)
            value = sum(c * t ** i for i, c in enumerate(coefficients)) + ripple * torch.cos(frequency * t + 1)
            value = value + sum(w * torch.relu(t - a) for a, w in kinks)
            value.backward()
            return value.item(), t.grad.reshape(1)

        direction = torch.ones(1)
        value, slope = at(None, 0, direction)
        assert slope < 0, name
        found, gradient, step, evaluations = _strong_wolfe(at, None, first, direction, value, slope, slope[0])
        print(f"{name}: {float(step):.6g}, value {found:.6g}, {evaluations} evaluations")
        fixture.case(name, {}, {}, coefficients=coefficients, ripple=ripple, frequency=frequency, firstStep=first, kinks=kinks,
                     step=float(step), value=found, slope=float(gradient), evaluations=evaluations)
    torch.set_default_dtype(torch.float32)
    fixture.save()
