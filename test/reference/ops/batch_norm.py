"""frozenBatchNorm: torchvision's FrozenBatchNorm2d; foldBatchNorm: the same after conv2d, folded by its definition."""
import torch
from torchvision.ops import FrozenBatchNorm2d

from fixture import Fixture, formula, gradients


def values(shape, seed):
    return torch.from_numpy(formula(shape, seed).copy()).double()


def batch_norm(channels, eps, seed):
    module = FrozenBatchNorm2d(channels, eps).double()
    module.weight.copy_(values([channels], seed))
    module.bias.copy_(values([channels], seed + 1))
    module.running_mean.copy_(values([channels], seed + 2))
    module.running_var.copy_((values([channels], seed + 3) + 1).float().double())
    return module


def parameters(module):
    return {"weight": module.weight, "bias": module.bias, "mean": module.running_mean,
            "variance": module.running_var}


def frozen(module, x):
    y = module(x)
    return {"y": y, **gradients(y, {"x": x})}


def fold_gradients(module, weight, inner):
    """Of the layer itself: the gradients by weight and bias for cotangents of the folded weight (seed 9) and bias (10)."""
    w, b = weight.clone().requires_grad_(), inner.clone().requires_grad_()
    scale = module.weight * (module.running_var + module.eps).rsqrt()
    folded = [w * scale.reshape(-1, 1, 1, 1), module.bias + (b - module.running_mean) * scale]
    cotangents = [values(list(y.shape), 9 + i) for i, y in enumerate(folded)]
    d_weight, d_bias = torch.autograd.grad(folded, [w, b], cotangents)
    return {"d_weight": d_weight, "d_bias": d_bias}


def generate():
    fixture = Fixture("batch_norm")
    for name, shape, eps in (("plain", [2, 8, 5, 6], 1e-5), ("odd", [1, 7, 3, 3], 0.0), ("empty", [0, 8, 2, 2], 1e-5)):
        x = values(shape, 20).requires_grad_()
        module = batch_norm(shape[1], eps, 21)
        fixture.case(f"frozen_{name}", {"x": x, **parameters(module)}, frozen(module, x), op="frozen", eps=eps)
    for name, shape, bias, eps in (("plain", [8, 4, 3, 3], False, 1e-5), ("bias", [7, 3, 1, 1], True, 1e-3),
                                   ("wide", [33, 5, 7, 7], True, 0.0), ("empty", [0, 4, 3, 3], False, 1e-5)):
        weight = values(shape, 30)
        module = batch_norm(shape[0], eps, 31)
        inner = values(shape[:1], 40) if bias else torch.zeros(shape[:1], dtype=torch.float64)
        # the layer is affine: its response to a tap is the folded weight, to nothing the folded bias
        nothing = module(inner.reshape(1, -1, 1, 1)).reshape(-1)
        flat = weight.reshape(shape[0], shape[1] * shape[2] * shape[3])
        taps = module((flat + inner[:, None]).T[:, :, None, None])[:, :, 0, 0].T - nothing[:, None]
        inputs = {"conv_weight": weight, **parameters(module)}
        if bias:
            inputs["conv_bias"] = inner
        outputs = {"weight": taps.reshape(shape), "bias": nothing, **fold_gradients(module, weight, inner)}
        fixture.case(f"fold_{name}", inputs, outputs, op="fold", eps=eps)
    fixture.save()
