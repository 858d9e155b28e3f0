"""Makes training_slim.json and training_r50.json: losses and gradients of torchvision's Mask R-CNN, and the losses
of ten steps of SGD. The gradients of R50 are in float64: the rounding of so deep a net in float32 would be most of what is
allowed to differ. Those of the slim model are in float32, as torchvision trains: at the kinks of its ReLUs rounding decides,
and there float32 differs from float64 by up to 1.4e-3, and ours from float32 by much less.

Sampling is made deterministic (the first candidates in the order of their indices), so that another implementation can be
compared. Of each parameter's gradient the norm is kept, and a sketch of it: 64 sums over the elements of equal index modulo
64, each element with a sign by formula() of seed 77. A sketch of a difference has about the norm of the difference.
Needs ../../../../shared (weights, images), torch and torchvision.
"""
import json
from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image
from torchvision.models.detection import _utils, MaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor, BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.ops import FrozenBatchNorm2d, MultiScaleRoIAlign

from fixture import formula
from models.formula_weights import fill
from ops._rle import decode

HERE = Path(__file__).parent
SHARED = HERE.parents[3] / "shared" / "data"
NUCLEI = SHARED / "nuclei"
# of 256 x 256 with 62 objects, and of 347 x 260 with 125: the first is padded to the size of the second
IMAGES = [4, 8]
STEPS = 10
# With the body's weights as the formula has them, PyTorch's own gradients in float32 are off by up to 2.5e-3: many values
# lie so near the kink of a ReLU that rounding decides. Small convolutions beside large biases leave few of these.
SCALES = {
    "backbone.body.conv1.weight": 1,
    ".bn1.bias": 8,
    ".bn2.bias": 8,
    ".bn3.bias": 4,
    ".bn3.weight": 0.5,
    ".conv1.weight": 0.2,
    ".conv2.weight": 0.2,
    "rpn.head.cls_logits.weight": 0.3,
    "rpn.head.bbox_pred.weight": 0.05,
    "roi_heads.box_predictor.cls_score.weight": 0.05,
    "roi_heads.box_predictor.bbox_pred.weight": 0.02,
    "roi_heads.mask_predictor.mask_fcn_logits.weight": 0.2,
}


def first_candidates(self, matched_idxs):
    """BalancedPositiveNegativeSampler with the first candidates instead of random ones."""
    positives, negatives = [], []
    for matches in matched_idxs:
        positive, negative = torch.where(matches >= 1)[0], torch.where(matches == 0)[0]
        count = min(positive.numel(), int(self.batch_size_per_image * self.positive_fraction))
        for chosen, indices in ((positives, positive[:count]),
                                (negatives, negative[: self.batch_size_per_image - count])):
            mask = torch.zeros_like(matches, dtype=torch.uint8)
            mask[indices] = 1
            chosen.append(mask)
    return positives, negatives


def slim_form():
    """../shared/data/slim in the form of its README, without its weights."""
    body = torchvision.models.resnet18(weights=None, norm_layer=FrozenBatchNorm2d)
    backbone = BackboneWithFPN(body, {f"layer{i + 1}": str(i) for i in range(3)}, [64, 128, 256], 64)
    levels = ["0", "1", "2"]
    return MaskRCNN(
        backbone, num_classes=None, min_size=320, max_size=512,
        rpn_anchor_generator=AnchorGenerator(((8,), (16,), (32,), (64,)), ((0.5, 1.0, 2.0),) * 4),
        rpn_pre_nms_top_n_train=1000, rpn_post_nms_top_n_train=500, rpn_pre_nms_top_n_test=1000,
        rpn_post_nms_top_n_test=500, box_roi_pool=MultiScaleRoIAlign(levels, 7, 2),
        box_head=TwoMLPHead(64 * 49, 256), box_predictor=FastRCNNPredictor(256, 2), box_batch_size_per_image=256,
        box_detections_per_img=400, mask_roi_pool=MultiScaleRoIAlign(levels, 14, 2),
        mask_head=MaskRCNNHeads(64, (64, 64), 1), mask_predictor=MaskRCNNPredictor(64, 64, 2))


def slim():
    model = slim_form()
    model.load_state_dict(torch.load(SHARED / "slim" / "slim.pth"))
    return model


def r50_form():
    """torchvision's R50-FPN; without weights its own constructor would take BatchNorms that train."""
    body = torchvision.models.resnet50(weights=None, norm_layer=FrozenBatchNorm2d)
    return MaskRCNN(_resnet_fpn_extractor(body, 5), num_classes=3, min_size=128, max_size=160)


def r50():
    model = r50_form()
    with torch.no_grad():
        fill(model, SCALES)
    return model


def nuclei(ids):
    """Images and targets as torchvision takes them; boxes x1, y1 included, x2, y2 excluded."""
    file = json.loads((NUCLEI / "annotations" / "train_rle.json").read_text())
    batch = []
    for image_id in ids:
        image = next(image for image in file["images"] if image["id"] == image_id)
        pixels = np.asarray(Image.open(NUCLEI / "images" / image["file_name"]).convert("RGB"))
        objects = [a for a in file["annotations"] if a["image_id"] == image_id]
        boxes = torch.tensor([a["bbox"] for a in objects], dtype=torch.float64)
        boxes[:, 2:] += boxes[:, :2]
        masks = np.stack([decode(a["segmentation"]) for a in objects])
        target = {"boxes": boxes, "labels": torch.ones(len(objects), dtype=torch.int64),
                  "masks": torch.from_numpy(masks.astype(np.uint8))}
        batch.append((torch.from_numpy(pixels.copy()).permute(2, 0, 1).double() / 255, target))
    return [image for image, _ in batch], [target for _, target in batch]


def sketch(gradient):
    flat = gradient.flatten().double()
    signs = torch.from_numpy(np.where(formula((flat.numel(),), 77) >= 0, 1.0, -1.0))
    sums = torch.zeros(64, dtype=torch.float64).scatter_add_(0, torch.arange(flat.numel()) % 64, flat * signs)
    return {"norm": float(f"{flat.norm():.7g}"), "sums": [float(f"{v:.6g}") for v in sums]}


def losses_of(model, images, targets):
    kind = next(model.parameters()).dtype
    targets = [{k: v.to(kind) if v.is_floating_point() else v.clone() for k, v in t.items()} for t in targets]
    return model([image.to(kind) for image in images], targets)


def record(name, model, ids, rate, scales=None, gradient_kind=torch.float32):
    model.to(gradient_kind).train()
    for parameter_name, parameter in model.named_parameters():
        parameter.requires_grad_(not parameter_name.startswith("backbone.body.conv1"))
    images, targets = nuclei(ids)
    first = losses_of(model, images, targets)
    sum(first.values()).backward()
    result = {"images": ids, "rate": rate, "scales": scales,
              "gradients": {k: sketch(p.grad) for k, p in model.named_parameters() if p.requires_grad}, "steps": []}
    model.float()
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], rate, 0.9, weight_decay=1e-4)
    for step in range(STEPS):
        optimizer.zero_grad()
        losses = losses_of(model, images, targets)
        sum(losses.values()).backward()
        optimizer.step()
        result["steps"].append({k: float(f"{v.item():.8g}") for k, v in (losses if step > 0 else first).items()})
        print(name, step, result["steps"][-1], flush=True)
    path = HERE / f"training_{name}.json"
    path.write_text(json.dumps(result))
    print(f"{path.name}: {len(result['gradients'])} gradients, {path.stat().st_size / 1024:.0f} KiB")


def generate():
    _utils.BalancedPositiveNegativeSampler.__call__ = first_candidates
    record("slim", slim(), IMAGES, 0.002)
    record("r50", r50(), IMAGES, 1e-5, SCALES, torch.float64)
