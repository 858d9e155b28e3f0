"""batchMoments with batchNorm, and groupNorm: torch.nn's BatchNorm, GroupNorm and LayerNorm in float64, and their gradients."""
import torch
from torch.nn import functional as F

from fixture import Fixture, formula, gradients


def values(shape, seed, scale=1.0, offset=0.0):
    """As the f32 that the test uploads."""
    return (torch.from_numpy(formula(shape, seed).copy()) * scale + offset).float().double()


def affine(channels, given):
    if not given:
        return {}
    return {"weight": values([channels], 21).requires_grad_(), "bias": values([channels], 22).requires_grad_()}


def case(fixture, name, kind, x, parameters, y, **attributes):
    outputs = {"y": y, **gradients(y, {"x": x, **parameters})}
    fixture.case(f"{kind} {name}", {"x": x, **parameters}, outputs, kind=kind, **attributes)


def generate():
    fixture = Fixture("normalise")
    for name, shape, given, scale, offset, eps in [
        ("map", [2, 8, 5, 6], True, 1, 0, 1e-5), ("odd", [3, 7, 3, 5], True, 1, 0.5, 1e-3), ("matrix", [9, 5], True, 2, -1, 1e-5),
        ("without parameters", [2, 5, 3, 3], False, 1, 0, 1e-5), ("several runs", [1, 2, 19, 21], True, 1, 0, 1e-5),
        ("far from zero", [2, 6, 7, 9], True, 0.5, 2000, 1e-5), ("constant", [2, 4, 3, 3], True, 0, 3, 1e-5),
        ("two values", [2, 4, 1, 1], True, 1, 0, 0.1),
    ]:
        x, parameters = values(shape, 20, scale, offset).requires_grad_(), affine(shape[1], given)
        y = F.batch_norm(x, None, None, *parameters.values(), training=True, eps=eps)
        case(fixture, name, "batch", x, parameters, y, eps=eps)
        if given and name != "several runs":
            moments = {"mean": values([shape[1]], 23, 1, offset), "variance": values([shape[1]], 24, 1, 1.5)}
            y = F.batch_norm(x, moments["mean"], moments["variance"], *parameters.values(), training=False, eps=eps)
            outputs = {"y": y, **gradients(y, {"x": x, **parameters})}
            fixture.case(f"given {name}", {"x": x, **parameters, **moments}, outputs, kind="given", eps=eps)
    for name, shape, groups, given, scale, offset in [
        ("two groups", [2, 8, 5, 6], 2, True, 1, 0), ("groups of three", [3, 9, 3, 5], 3, True, 1, 0.5), ("one group", [2, 5, 4, 4], 1, True, 1, 0),
        ("instances", [2, 7, 3, 3], 7, True, 1, 0), ("without parameters", [2, 6, 3, 3], 3, False, 1, 0),
        ("several runs", [1, 4, 17, 19], 2, True, 1, 0), ("far from zero", [2, 6, 7, 9], 2, True, 0.5, 2000), ("layer", [13, 10], 1, True, 1, 0),
    ]:
        x, parameters = values(shape, 30, scale, offset).requires_grad_(), affine(shape[1], given)
        y = (F.layer_norm(x, shape[1:], *parameters.values()) if name == "layer"
             else F.group_norm(x, groups, *parameters.values()))
        case(fixture, name, "group", x, parameters, y, groups=groups, eps=1e-5)
    for name, momentum in [("momentum", 0.1), ("all batches", None)]:
        module = torch.nn.BatchNorm2d(5, momentum=momentum).double()
        batches = [values([2, 5, 3, 4], 40 + i, 1, i) for i in range(3)]
        for x in batches:
            module(x)
        fixture.case(name, {f"x{i}": x for i, x in enumerate(batches)},
                     {"mean": module.running_mean, "variance": module.running_var}, kind="running", momentum=momentum)
    fixture.save()
