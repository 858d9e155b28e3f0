"""optimizers: float64 torch.optim over 20 steps, with the gradients formula() of seeds 100, 101, …

Parameters: formula() of seeds 1, 2, 3 of the lengths below. Every seventh element's gradient is zero. Outputs: the
parameters one after the other after the first and the last step; `norms`, the norm of the gradients in each step.
"""
import numpy as np
import torch

from fixture import Fixture, formula

LENGTHS = [5, 70, 130]
STEPS = 20

# name: (class, its options, those in the engine's words), then what differs for groups and clipping
CASES = {
    "sgd": ("SGD", {"lr": 0.1}, {"type": "sgd"}),
    "sgd, weight decay, maximize": ("SGD", {"lr": 0.1, "weight_decay": 0.1, "maximize": True},
                                    {"type": "sgd", "weightDecay": 0.1, "maximize": True}),
    "sgd, momentum": ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.05},
                      {"type": "sgd", "momentum": 0.9, "weightDecay": 0.05}),
    "sgd, dampening": ("SGD", {"lr": 0.1, "momentum": 0.8, "dampening": 0.3},
                       {"type": "sgd", "momentum": 0.8, "dampening": 0.3}),
    "sgd, nesterov": ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.05},
                      {"type": "sgd", "momentum": 0.9, "nesterov": True, "weightDecay": 0.05}),
    "adam": ("Adam", {}, {"type": "adam"}),
    "adam, options": ("Adam", {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1},
                      {"type": "adam", "beta1": 0.8, "beta2": 0.95, "eps": 1e-3, "weightDecay": 0.1}),
    "adam, amsgrad": ("Adam", {"lr": 0.05, "betas": (0.9, 0.8), "amsgrad": True},
                      {"type": "adam", "beta2": 0.8, "amsgrad": True}),
    "adamw": ("AdamW", {"lr": 0.02}, {"type": "adamw"}),
    "adamw, options": ("AdamW", {"lr": 0.02, "betas": (0.85, 0.9), "weight_decay": 0.5, "amsgrad": True},
                       {"type": "adamw", "beta1": 0.85, "beta2": 0.9, "weightDecay": 0.5, "amsgrad": True}),
    "adadelta": ("Adadelta", {}, {"type": "adadelta"}),
    "adadelta, options": ("Adadelta", {"lr": 2.0, "rho": 0.8, "eps": 1e-4, "weight_decay": 0.1},
                          {"type": "adadelta", "rho": 0.8, "eps": 1e-4, "weightDecay": 0.1}),
    "adagrad": ("Adagrad", {"lr": 0.05}, {"type": "adagrad"}),
    "adagrad, options": ("Adagrad", {"lr": 0.05, "lr_decay": 0.1, "weight_decay": 0.1,
                                     "initial_accumulator_value": 0.2, "eps": 1e-3},
                         {"type": "adagrad", "lrDecay": 0.1, "weightDecay": 0.1, "initialAccumulatorValue": 0.2,
                          "eps": 1e-3}),
    "adamax": ("Adamax", {"lr": 0.05}, {"type": "adamax"}),
    "adamax, options": ("Adamax", {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-2, "weight_decay": 0.1},
                        {"type": "adamax", "beta1": 0.8, "beta2": 0.9, "eps": 1e-2, "weightDecay": 0.1}),
    # the loop over single tensors of PyTorch 1.13 is not what its documentation, its other loop and later versions say
    "nadam": ("NAdam", {"lr": 0.02, "foreach": True}, {"type": "nadam"}),
    "nadam, options": ("NAdam", {"lr": 0.02, "betas": (0.8, 0.9), "weight_decay": 0.1, "momentum_decay": 0.3,
                                 "foreach": True},
                       {"type": "nadam", "beta1": 0.8, "beta2": 0.9, "weightDecay": 0.1, "momentumDecay": 0.3}),
    "radam": ("RAdam", {"lr": 0.05}, {"type": "radam"}),
    "radam, options": ("RAdam", {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1},
                       {"type": "radam", "beta1": 0.8, "beta2": 0.9, "eps": 1e-3, "weightDecay": 0.1}),
    "radam, never rectified": ("RAdam", {"lr": 0.05, "betas": (0.9, 0.5)}, {"type": "radam", "beta2": 0.5}),
    "rmsprop": ("RMSprop", {"lr": 0.02}, {"type": "rmsprop"}),
    "rmsprop, options": ("RMSprop", {"lr": 0.02, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1, "momentum": 0.8},
                         {"type": "rmsprop", "alpha": 0.9, "eps": 1e-3, "weightDecay": 0.1, "momentum": 0.8}),
    "rmsprop, centered": ("RMSprop", {"lr": 0.02, "alpha": 0.8, "centered": True},
                          {"type": "rmsprop", "alpha": 0.8, "centered": True}),
    "rmsprop, centered, momentum": ("RMSprop", {"lr": 0.01, "alpha": 0.9, "centered": True, "momentum": 0.5},
                                    {"type": "rmsprop", "alpha": 0.9, "centered": True, "momentum": 0.5}),
    "rprop": ("Rprop", {}, {"type": "rprop"}),
    "rprop, options": ("Rprop", {"lr": 0.05, "etas": (0.6, 1.5), "step_sizes": (0.02, 0.1)},
                       {"type": "rprop", "etaMinus": 0.6, "etaPlus": 1.5, "smallestStep": 0.02, "largestStep": 0.1}),
    "asgd": ("ASGD", {"lr": 0.1}, {"type": "asgd"}),
    "asgd, options": ("ASGD", {"lr": 0.1, "lambd": 0.1, "alpha": 0.6, "t0": 4, "weight_decay": 0.1},
                      {"type": "asgd", "lambd": 0.1, "alpha": 0.6, "t0": 4, "weightDecay": 0.1}),
    "groups": ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1},
               {"type": "sgd", "momentum": 0.9, "weightDecay": 0.1},
               {"groups": [{"tensors": [0, 1], "learningRateFactor": 0.25, "weightDecay": 0}, {"tensors": [2]}]}),
    "groups of adamw": ("AdamW", {"lr": 0.02, "weight_decay": 0.1}, {"type": "adamw", "weightDecay": 0.1},
                        {"groups": [{"tensors": [2], "learningRateFactor": 3}, {"tensors": [0], "weightDecay": 0}]}),
    "clipped by norm": ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1},
                        {"type": "sgd", "momentum": 0.9, "weightDecay": 0.1}, {"clipping": {"norm": 7.6}}),
    "clipped by value": ("Adam", {"lr": 0.05, "betas": (0.8, 0.9)}, {"type": "adam", "beta1": 0.8, "beta2": 0.9},
                         {"clipping": {"value": 0.25}}),
}


def gradient(length, step, tensor):
    values = formula([length], 100 + step * len(LENGTHS) + tensor).astype(np.float64)
    values[::7] = 0
    return torch.from_numpy(values)


def generate():
    # ASGD keeps scalars as tensors of the default type
    torch.set_default_dtype(torch.float64)
    fixture = Fixture("optimizers")
    for name, (kind, options, settings, *rest) in CASES.items():
        extra = rest[0] if rest else {}
        parameters = [torch.from_numpy(formula([length], 1 + i)).double().requires_grad_()
                      for i, length in enumerate(LENGTHS)]
        groups = [{"params": parameters}]
        defaults = getattr(torch.optim, kind)(parameters, **options).defaults
        if "groups" in extra:
            groups = [{"params": [parameters[i] for i in group["tensors"]],
                       "lr": defaults["lr"] * group.get("learningRateFactor", 1),
                       "weight_decay": group.get("weightDecay", defaults["weight_decay"])} for group in extra["groups"]]
        optimizer = getattr(torch.optim, kind)(groups, **options)
        first, norms = None, []
        for step in range(STEPS):
            for i, parameter in enumerate(parameters):
                parameter.grad = gradient(LENGTHS[i], step, i)
            clipping = extra.get("clipping", {})
            if "norm" in clipping:
                norms.append(float(torch.nn.utils.clip_grad_norm_(parameters, clipping["norm"])))
            if "value" in clipping:
                torch.nn.utils.clip_grad_value_(parameters, clipping["value"])
            optimizer.step()
            if step == 0:
                first = torch.cat([p.detach().clone() for p in parameters])
        outputs = {"first": first, "last": torch.cat([p.detach() for p in parameters])}
        if kind == "ASGD":
            outputs["average"] = torch.cat([optimizer.state[p]["ax"] for p in parameters])
        if norms:
            assert min(norms) < extra["clipping"]["norm"] < max(norms), norms
            outputs["norms"] = np.array(norms)
        fixture.case(name, {}, outputs, settings=settings, learningRate=defaults["lr"], **extra)
    torch.set_default_dtype(torch.float32)
    fixture.save()
