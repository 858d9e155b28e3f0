"""Makes mask_rcnn_r50.json: torchvision's maskrcnn_resnet50_fpn at 320 px with weights by formula, on two images by
formula. Needs Debian's python3-torch and python3-torchvision.
"""
import json
from pathlib import Path

import torch
import torchvision

from models.formula_weights import as_input, centre, detections, fill, pattern

SCALES = {
    ".bn3.weight": 0.25,
    "rpn.head.cls_logits.weight": 0.3,
    "rpn.head.bbox_pred.weight": 0.05,
    "roi_heads.box_predictor.cls_score.weight": 0.6,
    "roi_heads.box_predictor.bbox_pred.weight": 0.3,
}
IMAGES = [{"height": 300, "width": 400, "seed": 1}, {"height": 375, "width": 281, "seed": 2}]
BACKGROUND = 9
SAMPLES = 64


def sample(tensor):
    """Values at (i * 104729) mod the number of elements, in NCHW order."""
    flat = tensor.detach().reshape(-1)
    return [round(v, 6) for v in flat[torch.arange(SAMPLES) * 104729 % flat.numel()].tolist()]


def record(model, samples):
    def keep(name):
        return lambda module, inputs, output: samples.update({name: sample(output)})

    for stage in range(1, 5):
        model.backbone.body[f"layer{stage}"].register_forward_hook(keep(f"C{stage + 1}"))
    model.backbone.register_forward_hook(lambda module, inputs, output: samples.update(
        {f"P{i + 2}": sample(level) for i, level in enumerate(output.values())}))
    model.rpn.head.register_forward_hook(lambda module, inputs, output: samples.update(
        {f"{name}{i + 2}": sample(level) for name, levels in zip(("logits", "deltas"), output)
         for i, level in enumerate(levels)}))


@torch.no_grad()
def generate():
    model = torchvision.models.detection.maskrcnn_resnet50_fpn(
        weights=None, weights_backbone=None, num_classes=91, min_size=320, max_size=320).eval()
    fill(model, SCALES)
    biases = centre(model, as_input(pattern(**IMAGES[0])), BACKGROUND)
    samples = {}
    record(model, samples)
    cases = []
    for image in IMAGES:
        samples.clear()
        output = model([as_input(pattern(**image))])[0]
        cases.append({"image": image, "samples": dict(samples), "detections": detections(output)})
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps({"scales": SCALES, "biases": biases, "cases": cases}))
    print(f"{path.name}: {[len(case['detections']) for case in cases]} detections, {path.stat().st_size / 1024:.0f} KiB")
