"""schedules: the learning rates of torch.optim.lr_scheduler, step by step."""
import warnings

import torch
from torch.optim import lr_scheduler as lr

from fixture import Fixture

BASE = 0.04
STEPS = 30


def multistep(milestones, gamma=0.1):
    return ({"type": "multistep", "milestones": milestones, "gamma": gamma},
            lambda optimizer, steps: lr.MultiStepLR(optimizer, milestones, gamma))


CONSTANT = ({"type": "constant"}, lambda optimizer, steps: lr.ConstantLR(optimizer, 1.0, 1))
MULTISTEP = multistep([10, 11, 25])
COSINE = ({"type": "cosine"}, lambda optimizer, steps: lr.CosineAnnealingLR(optimizer, steps))
POLYNOMIAL = ({"type": "polynomial", "power": 0.9}, lambda optimizer, steps: lr.PolynomialLR(optimizer, steps, 0.9))
LINEAR = ({"type": "linear", "steps": 8, "factor": 0.05}, lambda optimizer: lr.LinearLR(optimizer, 0.05, 1.0, 8))
FLAT = ({"type": "constant", "steps": 5, "factor": 0.25}, lambda optimizer: lr.ConstantLR(optimizer, 0.25, 5))

CASES = {
    "constant": (CONSTANT, None, None),
    "multistep": (MULTISTEP, None, None),
    "multistep, gamma": (multistep([0, 7], 0.3), None, None),
    "cosine": (COSINE, None, None),
    "cosine, minimum": (({"type": "cosine", "minimum": 0.01},
                         lambda optimizer, steps: lr.CosineAnnealingLR(optimizer, steps, 0.01)), None, None),
    "polynomial": (POLYNOMIAL, None, None),
    "polynomial, line": (({"type": "polynomial"}, lambda optimizer, steps: lr.PolynomialLR(optimizer, steps)), None, None),
    **{f"{warm[0]['type']} warm-up {order} {main[0]['type']}": (main, warm, order)
       for warm in (LINEAR, FLAT) for order in ("chained", "before") for main in (CONSTANT, MULTISTEP, COSINE, POLYNOMIAL)},
}


def generate():
    warnings.simplefilter("ignore")
    fixture = Fixture("schedules")
    for name, ((settings, main), warm, order) in CASES.items():
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=BASE)
        if order == "before":
            length = warm[0]["steps"]
            scheduler = lr.SequentialLR(optimizer, [warm[1](optimizer), main(optimizer, STEPS - length)], [length])
        elif order == "chained":
            scheduler = lr.ChainedScheduler([warm[1](optimizer), main(optimizer, STEPS)])
        else:
            scheduler = main(optimizer, STEPS)
        rates = []
        for _ in range(STEPS):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        warm_up = {"warmUp": {**warm[0], "order": order}} if warm else {}
        fixture.case(name, {}, {"rates": torch.tensor(rates, dtype=torch.float64)},
                     learningRate=BASE, steps=STEPS, schedule=settings, **warm_up)
    fixture.save()
