"""Losses of Mask R-CNN's training and their gradients: torchvision's functions in float64."""
import numpy as np
import torch
from torchvision.models.detection.roi_heads import fastrcnn_loss, maskrcnn_loss, project_masks_on_boxes
from torchvision.models.detection.rpn import RegionProposalNetwork, concat_box_prediction_layers

from fixture import Fixture, formula

WEIGHTS = (0.75, -1.5)


def double(shape, seed, scale=1.0):
    return (torch.from_numpy(formula(shape, seed).copy()) * scale).double()


class GivenSampler:
    def __init__(self, positive, negative):
        self.chosen = positive, negative

    def __call__(self, labels):
        masks = [], []
        for image, label in enumerate(labels):
            for mask, chosen in zip(masks, self.chosen):
                mask.append(torch.zeros_like(label, dtype=torch.uint8))
                mask[-1][torch.from_numpy(chosen[image]).long()] = 1
        return masks


def rpn_case(fixture, name, images, levels, anchors, positives, negatives, capacity, scale=1.0):
    """`levels`: heights and widths."""
    count = sum(h * w for h, w in levels) * anchors
    maps, positive, negative, labels, targets = [], [], [], [], []
    inputs = {}
    for image in range(images):
        seed = 100 * image
        order = np.random.default_rng(seed).permutation(count)
        positive.append(order[:positives[image]])
        negative.append(order[positives[image]:positives[image] + negatives[image]])
        labels.append(torch.zeros(count, dtype=torch.float64))
        labels[-1][torch.from_numpy(positive[-1]).long()] = 1
        targets.append(torch.zeros(count, 4, dtype=torch.float64))
        samples = np.concatenate([positive[-1], negative[-1], np.zeros(capacity, dtype=np.int64)])[:capacity]
        wanted = torch.zeros(capacity, 4, dtype=torch.float64)
        wanted[:positives[image]] = double([positives[image], 4], seed + 50)
        targets[-1][torch.from_numpy(positive[-1]).long()] = wanted[:positives[image]]
        inputs |= {f"samples{image}": samples.astype(np.int32), f"targets{image}": wanted}
        for level, (h, w) in enumerate(levels):
            for k, (role, channels) in enumerate((("logits", anchors), ("deltas", 4 * anchors))):
                x = double([1, channels, h, w], seed + 2 * level + k, scale).requires_grad_()
                maps.append((f"{role}{image}_{level}", x))
    inputs |= dict(maps)
    per_level = [[torch.cat([x for role, x in maps if role.startswith(kind) and role.endswith(f"_{level}")])
                  for level in range(len(levels))] for kind in ("logits", "deltas")]
    objectness, deltas = concat_box_prediction_layers(*per_level)
    rpn = RegionProposalNetwork(None, None, 0.7, 0.3, 256, 0.5, {}, {}, 0.7)
    rpn.fg_bg_sampler = GivenSampler(positive, negative)
    # of one image and level after the other, as the labels
    losses = rpn.compute_loss(objectness, deltas, labels, targets)
    if sum(positives) + sum(negatives) == 0:  # torchvision divides by zero
        losses = tuple(x.sum() * 0 for x in per_level[0][:1] * 2)
    total = losses[0] * WEIGHTS[0] + losses[1] * WEIGHTS[1]
    found = torch.autograd.grad(total, [x for _, x in maps], allow_unused=True)
    gradients = {f"d_{role}": torch.zeros_like(x) if g is None else g for (role, x), g in zip(maps, found)}
    fixture.case(name, inputs, {"losses": torch.stack(losses), **gradients}, kind="rpn", images=images,
                 levels=len(levels), positives=positives, counts=[p + n for p, n in zip(positives, negatives)])


def box_case(fixture, name, capacity, count, classes, positives, scale=1.0):
    logits = double([capacity, classes], 1, scale).requires_grad_()
    deltas = double([capacity, classes * 4], 2, scale).requires_grad_()
    targets = double([capacity, 4], 3)
    labels = np.zeros(capacity, dtype=np.int64)
    labels[:positives] = 1 + np.arange(positives) * 7 % (classes - 1)
    if count > 0:
        losses = fastrcnn_loss(logits[:count], deltas[:count], [torch.from_numpy(labels[:count])], [targets[:count]])
    else:
        losses = logits.sum() * 0, deltas.sum() * 0
    d_logits, d_deltas = torch.autograd.grad(losses[0] * WEIGHTS[0] + losses[1] * WEIGHTS[1], [logits, deltas])
    fixture.case(name, {"logits": logits, "deltas": deltas, "targets": targets, "labels": labels.astype(np.int32)},
                 {"losses": torch.stack(losses), "d_logits": d_logits, "d_deltas": d_deltas}, kind="boxes", count=count,
                 positives=positives)


def shapes(count, height, width):
    """Discs, rings and stripes, some over the image's edge, one of a single pixel."""
    y, x = np.mgrid[:height, :width]
    masks = np.zeros((count, height, width), dtype=np.uint8)
    for i in range(count):
        cx, cy, r = (formula([3], 60 + i) + 1) / 2 * [width, height, min(height, width) / 2]
        d = np.hypot(x - cx, y - cy)
        masks[i] = (d < r) & (d > r * 0.4) if i % 3 == 1 else d < r
        if i % 3 == 2:
            masks[i] = masks[i] & ((x + y) % 5 < 3)
    masks[-1] = 0
    masks[-1, height // 2, width - 1] = 1
    return masks


def mask_case(fixture, name, boxes, objects, size, classes, capacity, image=(50, 75), count=4, scale=1.0):
    masks = torch.from_numpy(shapes(count, *image))
    boxes = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    positives = len(boxes)
    labels = 1 + np.arange(count) * 5 % (classes - 1)
    logits = double([capacity, classes, size, size], 5, scale).requires_grad_()
    matched = torch.tensor(objects, dtype=torch.int64)
    wanted = project_masks_on_boxes(masks, boxes.double(), matched, size) if positives else torch.zeros(0, size, size)
    loss = maskrcnn_loss(logits[:positives], [boxes.double()], [masks], [torch.from_numpy(labels)], [matched])
    (d_logits,) = torch.autograd.grad(loss * WEIGHTS[0], [logits])
    stored = torch.zeros(capacity, 4)
    stored[:positives] = boxes
    chosen = np.zeros((2, capacity), dtype=np.int32)
    chosen[0, :positives] = objects
    chosen[1, :positives] = labels[objects] if positives else []
    # the logits of the case are formula(seed 5) * scale: the test makes them
    fixture.case(name, {"boxes": stored, "objects": chosen[0], "labels": chosen[1],
                         "masks": np.packbits(masks.numpy().reshape(-1), bitorder="little")},
                 {"targets": wanted, "loss": loss.reshape(1), "d_logits": d_logits[:positives]}, kind="masks",
                 positives=positives, size=size, classes=classes, image=list(image), scale=scale)


def generate():
    fixture = Fixture("detection_losses")
    rpn_case(fixture, "rpn", 1, [(7, 9), (4, 5), (1, 2)], 3, [20], [40], 64)
    rpn_case(fixture, "rpn, two images", 2, [(5, 6), (3, 3)], 3, [9, 4], [20, 28], 32)
    rpn_case(fixture, "rpn, five anchors and large logits", 1, [(4, 5)], 5, [10], [30], 40, scale=60.0)
    rpn_case(fixture, "rpn without positives", 1, [(4, 5), (2, 3)], 3, [0], [30], 32)
    rpn_case(fixture, "rpn without negatives", 1, [(4, 5)], 1, [6], [0], 6)
    rpn_case(fixture, "rpn, one of two images without samples", 2, [(4, 5)], 1, [0, 3], [0, 5], 8)
    rpn_case(fixture, "rpn without samples", 1, [(4, 5)], 1, [0], [0], 8)

    box_case(fixture, "boxes", 40, 40, 7, 11)
    box_case(fixture, "boxes, counted", 40, 33, 5, 8)
    box_case(fixture, "boxes of one class", 64, 64, 2, 16)
    box_case(fixture, "boxes of many classes", 24, 24, 91, 20)
    box_case(fixture, "boxes, large logits", 30, 29, 4, 10, scale=70.0)
    box_case(fixture, "boxes without positives", 20, 20, 3, 0)
    box_case(fixture, "boxes without samples", 8, 0, 3, 0)

    ordinary = [[4, 6, 60, 45], [10.3, 20.7, 70.1, 49.9], [30.5, 20.25, 38.75, 27.5], [0, 0, 75, 50], [70, 20, 75, 30]]
    objects = [0, 1, 2, 1, 3]
    mask_case(fixture, "masks", ordinary, objects, 14, 3, 8)
    mask_case(fixture, "masks of 28 pixels", ordinary[:3], [2, 0, 1], 28, 2, 3)
    mask_case(fixture, "masks of many classes", ordinary, objects, 5, 21, 5, scale=30.0)
    outside = [[-20, -10, 20, 30], [60, 40, 90, 70], [80, 60, 95, 70], [20, 20, 20, 20], [30, 10, 30.2, 10.1]]
    mask_case(fixture, "masks of boxes over the edge", outside, [0, 1, 2, 0, 1], 7, 3, 6)
    mask_case(fixture, "masks of large boxes", [[3, 5, 145, 58], [-40, 20, 150, 60]], [0, 2], 2, 2, 2, image=(60, 150))
    mask_case(fixture, "masks without positives", [], [], 7, 3, 4)
    fixture.save()
