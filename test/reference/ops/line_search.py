"""line_search: torch.optim.LBFGS' strong Wolfe search along functions of one variable, all in attributes (f64).

f(t) = sum of coefficients[i] t^i + ripple cos(frequency t + 1).
"""
import torch
from torch.optim.lbfgs import _strong_wolfe

from fixture import Fixture

# name: (coefficients, ripple, frequency, first step)
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
    "tiny bracket": ([0, -1, 1e12], 0, 1, 1e-3),
}


def generate():
    torch.set_default_dtype(torch.float64)
    fixture = Fixture("line_search")
    for name, (coefficients, ripple, frequency, first) in CASES.items():

        def at(x, t, d):
            t = torch.tensor(float(t), requires_grad=True)
            value = sum(c * t ** i for i, c in enumerate(coefficients)) + ripple * torch.cos(frequency * t + 1)
            value.backward()
            return value.item(), t.grad.reshape(1)

        direction = torch.ones(1)
        value, slope = at(None, 0, direction)
        assert slope < 0, name
        found, gradient, step, evaluations = _strong_wolfe(at, None, first, direction, value, slope, slope[0])
        print(f"{name}: {float(step):.6g}, value {found:.6g}, {evaluations} evaluations")
        fixture.case(name, {}, {}, coefficients=coefficients, ripple=ripple, frequency=frequency, firstStep=first,
                     step=float(step), value=found, slope=float(gradient), evaluations=evaluations)
    torch.set_default_dtype(torch.float32)
    fixture.save()
