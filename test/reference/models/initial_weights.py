"""Makes initial_weights.json: the statistics of the parameters of Mask R-CNNs as torchvision's constructors leave them.

For each parameter: shape, mean, deviation (of the population) and greatest magnitude, over all elements of DRAWS
constructions.
"""
import json
from pathlib import Path

import torch
import torchvision
from torchvision.models.detection import MaskRCNN, maskrcnn_resnet50_fpn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.ops import FrozenBatchNorm2d

DRAWS = 4


def r50():
    return maskrcnn_resnet50_fpn(weights=None, weights_backbone=None, num_classes=4)


def slim():
    """The form of configs/mask_rcnn_slim.yaml."""
    body = torchvision.models.resnet18(weights=None, norm_layer=FrozenBatchNorm2d)
    return MaskRCNN(
        BackboneWithFPN(body, {f"layer{i + 1}": str(i) for i in range(3)}, [64, 128, 256], 64), num_classes=None,
        rpn_anchor_generator=AnchorGenerator(((8,), (16,), (32,), (64,)), ((0.5, 1.0, 2.0),) * 4),
        box_head=TwoMLPHead(64 * 49, 256), box_predictor=FastRCNNPredictor(256, 2),
        mask_head=MaskRCNNHeads(64, (64, 64), 1), mask_predictor=MaskRCNNPredictor(64, 64, 2))


def statistics(build):
    states = []
    for seed in range(DRAWS):
        torch.manual_seed(seed)
        states.append(build().state_dict())
    found = {}
    for name, tensor in states[0].items():
        if name.endswith("num_batches_tracked"):
            continue
        values = torch.stack([state[name] for state in states]).double()
        numbers = [values.mean(), values.std(unbiased=False), values.abs().max()]
        found[name] = {"shape": list(tensor.shape), "statistics": [float(f"{float(n):.6g}") for n in numbers]}
    return found


def generate():
    path = Path(__file__).parent / "initial_weights.json"
    models = {build.__name__: statistics(build) for build in (slim, r50)}
    content = {"draws": DRAWS, "torchvision": torchvision.__version__, "models": models}
    path.write_text(json.dumps(content, separators=(",", ":")).replace('},"', '},\n"') + "\n")
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")
