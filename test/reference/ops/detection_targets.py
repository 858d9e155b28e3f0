"""Targets of the RPN and of the box head: torchvision's Matcher, BoxCoder and select_training_samples.

Matching is in float32, as in torchvision: thresholds and ties depend on the last bit. Crowd regions, which torchvision
does not know, are left out of the matching and then ignored by their share of a candidate, in float64.
"""
import numpy as np
import torch
from torchvision.models.detection import _utils
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.ops import box_iou

from fixture import Fixture, formula

WEIGHTS = (10.0, 10.0, 5.0, 5.0)


class FirstSampler:
    """BalancedPositiveNegativeSampler that takes the first candidates instead of random ones."""

    def __init__(self, size, share):
        self.size, self.share = size, share

    def __call__(self, labels):
        masks = [], []
        for label in labels:
            positive = torch.where(label >= 1)[0][: int(self.size * self.share)]
            negative = torch.where(label == 0)[0][: self.size - len(positive)]
            for mask, chosen in zip(masks, (positive, negative)):
                mask.append(torch.zeros_like(label, dtype=torch.uint8))
                mask[-1][chosen] = 1
        return masks


def anchors(height, width, strides=(4, 8, 16), sizes=((16,), (32,), (64,))):
    generator = AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * len(sizes))
    maps = [torch.zeros(1, 1, height // s, width // s) for s in strides]
    return generator(ImageList(torch.zeros(1, 3, height, width), [(height, width)]), maps)[0]


def objects_in(count, height, width, seed, quantum=4.0, share=0.5):
    """On a grid of 1 / quantum pixels, so that different candidates overlap them equally."""
    corners = (formula([count, 2], seed).astype(np.float64) + 1) / 2 * [width * 0.9, height * 0.9]
    sizes = 4 + (formula([count, 2], seed + 1).astype(np.float64) + 1) / 2 * [width * share, height * share]
    boxes = np.concatenate([corners, np.minimum(corners + sizes, [width, height])], axis=1)
    return torch.from_numpy((np.round(boxes * quantum) / quantum).astype(np.float32))


def match(candidates, boxes, crowd, high, low, low_quality, crowd_share):
    real = torch.where(crowd == 0)[0]
    result = torch.full((len(candidates),), -1, dtype=torch.int64)
    # an object without any overlap would be matched to every candidate
    overlaps = box_iou(boxes[real], candidates)
    real, overlaps = real[overlaps.amax(1) > 0], overlaps[overlaps.amax(1) > 0]
    if len(real) > 0:
        found = _utils.Matcher(high, low, low_quality)(overlaps)
        result = torch.where(found >= 0, real[found.clamp(min=0)], found)
    regions = boxes[crowd != 0].double()
    if len(regions) > 0:
        c = candidates.double()
        size = (torch.minimum(regions[:, None, 2:], c[:, 2:]) - torch.maximum(regions[:, None, :2], c[:, :2])).clamp(min=0)
        share = size.prod(2) / (c[:, 2:] - c[:, :2]).prod(1)
        result[(result == -1) & (share.amax(0) >= crowd_share)] = -2
    return result


def match_case(fixture, name, candidates, boxes, crowd=None, capacity=None, count=None, high=0.7, low=0.3,
               low_quality=True, crowd_share=0.5):
    objects = len(boxes)
    crowd = torch.zeros(objects, dtype=torch.int32) if crowd is None else torch.tensor(crowd, dtype=torch.int32)
    capacity = objects if capacity is None else capacity
    used = len(candidates) if count is None else count
    expected = torch.full((len(candidates),), -2, dtype=torch.int32)
    if used > 0 and objects > 0:
        expected[:used] = match(candidates[:used], boxes, crowd, high, low, low_quality, crowd_share).int()
    else:
        expected[:used] = -1
    # what lies past the objects' count must not be looked at: large boxes
    stored = torch.tensor([[0.0, 0.0, 1e4, 1e4]]).repeat(capacity, 1)
    stored[:objects] = boxes
    flags = torch.zeros(capacity, dtype=torch.int32)
    flags[:objects] = crowd
    fixture.case(name, {"candidates": candidates, "boxes": stored, "crowd": flags}, {"matches": expected}, kind="match",
                 objects=objects, count=count,
                 op={"high": high, "low": low, "lowQuality": low_quality, "crowdShare": crowd_share})
    kinds = [int((expected == k).sum()) for k in (-2, -1)] + [int((expected >= 0).sum())]
    print(f"  {name}: ignored {kinds[0]}, background {kinds[1]}, matched {kinds[2]}")


def roi_case(fixture, name, proposals, boxes, labels, size, share, weights=WEIGHTS):
    """The whole of RoIHeads.select_training_samples, for which rows of proposals and objects past the counts stand."""
    heads = RoIHeads(None, None, None, 0.5, 0.5, size, share, weights, 0.05, 0.5, 100)
    heads.fg_bg_sampler = FirstSampler(size, share)
    target = {"boxes": boxes, "labels": torch.from_numpy(labels).long()}
    sampled, matched, classes, targets = heads.select_training_samples([proposals], [target])
    order = torch.cat([torch.where(classes[0] > 0)[0], torch.where(classes[0] == 0)[0]])
    positive = int((classes[0] > 0).sum())
    double = _utils.BoxCoder(weights)
    if len(boxes) > 0:
        references = boxes.double()[matched[0][order[:positive]]]
        targets = double.encode_single(references, sampled[0][order[:positive]].double())
    else:
        targets = torch.zeros(0, 4)
    fixture.case(name, {"proposals": proposals, "boxes": boxes, "labels": labels.astype(np.int32)},
                 {"boxes": sampled[0][order], "matched": matched[0][order].int(), "labels": classes[0][order].int(),
                  "targets": targets}, kind="rois", size=size, share=share, weights=list(weights))
    print(f"  {name}: {positive} of {len(order)} positive")


def generate():
    fixture = Fixture("detection_targets")
    height, width = 32, 48
    grid = anchors(height, width)
    boxes = objects_in(14, height, width, 1)
    match_case(fixture, "anchors", grid, boxes, capacity=20)
    match_case(fixture, "anchors without low quality", grid, boxes, low_quality=False)
    match_case(fixture, "small objects, whose best anchors are equal", grid, objects_in(40, height, width, 3, 1.0, 0.1), capacity=64)
    match_case(fixture, "one object", grid, boxes[:1])
    match_case(fixture, "no objects", grid, boxes[:0], capacity=3)
    match_case(fixture, "no room for objects", grid[:20], boxes[:0])
    match_case(fixture, "an object twice", grid, boxes[[3, 3, 5]])
    outside = torch.tensor([[900.0, 900.0, 950.0, 950.0]])
    match_case(fixture, "an object that nothing overlaps", grid, torch.cat([boxes[:2], outside]))
    crowd = [0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0]
    match_case(fixture, "crowd regions", grid, boxes, crowd, crowd_share=0.5)
    match_case(fixture, "crowd regions only", grid, boxes[:2], [1, 1], crowd_share=0.3)
    proposals = objects_in(300, height, width, 7, 3.0)
    close = boxes.repeat(10, 1) + torch.from_numpy(formula([140, 4], 9).copy()) * 3
    proposals = torch.cat([proposals, close])
    match_case(fixture, "proposals", proposals, boxes, high=0.5, low=0.5, low_quality=False)
    match_case(fixture, "proposals, counted", proposals, boxes, high=0.5, low=0.5, low_quality=False, count=317)
    match_case(fixture, "counted with low quality", proposals, boxes, count=301)
    match_case(fixture, "no proposals in use", proposals[:30], boxes, high=0.5, low=0.5, low_quality=False, count=0)
    match_case(fixture, "at the thresholds", torch.tensor([[0.0, 0, 10, 7], [0, 0, 10, 3], [0, 0, 10, 5], [0, 0, 10, 2]]),
               torch.tensor([[0.0, 0, 10, 10]]), low_quality=False)
    many = objects_in(70, height, width, 11)
    match_case(fixture, "more than two words of objects", grid, many, capacity=100)

    labels = (1 + np.arange(14) % 3).astype(np.int64)
    for name, p, o, size, share in [("rois", proposals, 14, 64, 0.25), ("rois, few positives", proposals[:300], 3, 128, 0.25),
                                    ("rois, fewer than wanted", proposals[:20], 14, 512, 0.25),
                                    ("rois of no objects", proposals[:90], 0, 64, 0.25),
                                    ("rois without proposals", proposals[:0], 14, 64, 0.25)]:
        roi_case(fixture, name, p, boxes[:o], labels[:o], size, share)
    fixture.save()
