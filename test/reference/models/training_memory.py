"""Makes training_memory.json: bytes that torchvision's Mask R-CNN in float32 holds while it trains on one image.

`saved` is what autograd keeps for the backward pass: the storages behind all saved tensors, each once, without parameters.
`peak` is the most that is alive at a time in a whole step beyond what was there before it (parameters and their gradients), by
the allocator's events. The image is noise, and has more objects than positive samples are drawn, so that the heads see as many
boxes as they can.
"""
import json
from pathlib import Path

import torch
from torch.profiler import profile, ProfilerActivity
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor
from torchvision.ops import FrozenBatchNorm2d
from torchvision.models import resnet50

from fixture import formula
from models.training import slim

HERE = Path(__file__).parent
OBJECTS = 150


def r50(height, width):
    body = resnet50(weights=None, norm_layer=FrozenBatchNorm2d)
    return MaskRCNN(_resnet_fpn_extractor(body, 5), num_classes=91, min_size=height, max_size=width)


def slim_at(height, width):
    model = slim()
    model.transform.min_size, model.transform.max_size = (height,), width
    return model


def batch(height, width):
    """An image of that size, and squares of 24 pixels all over it."""
    columns = width // 32
    corners = torch.tensor([[i % columns * 32, i // columns * 32] for i in range(OBJECTS)]).float()
    masks = torch.zeros(OBJECTS, height, width, dtype=torch.uint8)
    for mask, (x, y) in zip(masks, corners.int().tolist()):
        mask[y:y + 24, x:x + 24] = 1
    target = {"boxes": torch.cat([corners, corners + 24], 1), "labels": torch.ones(OBJECTS, dtype=torch.int64), "masks": masks}
    return [torch.from_numpy(formula([3, height, width], 1)).abs()], [target]


def measure(model, height, width):
    model.train()
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.startswith("backbone.body.conv1"))
    images, targets = batch(height, width)
    own = {parameter.storage().data_ptr() for parameter in [*model.parameters(), *model.buffers()]}
    saved = {}

    def keep(tensor):
        storage = tensor.storage()
        if storage.data_ptr() not in own:
            # held, so that no other storage gets its address
            saved[storage.data_ptr()] = storage.nbytes(), storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = sum(model(images, targets).values())
    kept = sum(size for size, _ in saved.values())
    saved.clear()
    # from now on the gradients of the parameters are there
    loss.backward()
    del loss
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        sum(model(images, targets).values()).backward()
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    live = peak = 0
    for event in sorted(events, key=lambda event: event.start_us()):
        live += event.nbytes()
        peak = max(peak, live)
    return {"height": height, "width": width, "saved": kept, "peak": peak}


def generate():
    torch.manual_seed(0)
    results = {}
    for name, make, height, width in [("slim", slim_at, 320, 512), ("slim large", slim_at, 1024, 1536),
                                      ("r50", r50, 800, 1088)]:
        results[name] = measure(make(height, width), height, width)
        print(name, {key: value / 2**20 if key in ("saved", "peak") else value for key, value in results[name].items()}, flush=True)
    (HERE / "training_memory.json").write_text(json.dumps(results, indent=1) + "\n")
