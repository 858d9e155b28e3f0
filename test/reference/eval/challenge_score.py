"""Cases of the particle challenge's score, from its definition in words, on dense masks."""
import json
from pathlib import Path

import numpy as np

from fixture import FIXTURES
from ops._rle import counts_of


def mask_iou(truths, predictions):
    """[truths, predictions]; 0 where both masks are empty."""
    t, p = (np.array(masks).reshape(len(masks), -1).astype(np.float64) for masks in (truths, predictions))
    both = t @ p.T
    union = t.sum(axis=1)[:, None] + p.sum(axis=1)[None] - both
    return np.divide(both, union, out=np.zeros_like(both), where=union > 0)


def count(truths, predictions):
    """True positives, false positives, false negatives and the sum of IoU of one image."""
    if not predictions or not truths:
        return 0, 0, len(truths), 0.0
    iou = mask_iou(truths, predictions)
    # a prediction keeps only its IoU with the ground truth that it overlaps best
    iou = np.where(iou == iou.max(axis=0, keepdims=True), iou, 0)
    tp = fp = fn = 0
    total = 0.0
    for row in iou:
        if row.max() != 0:
            tp += 1
            total += row.max()
        else:
            fn += 1
        close = (row > 0.1).sum()
        if close >= 2:
            fp += int(close) - 1
    return tp, fp, fn, total


def score(images):
    tp, fp, fn, total = (sum(part) for part in zip(*images))
    precision = total / (tp + fp) if tp + fp else 0.0
    recall = total / (tp + fn) if tp + fn else 0.0
    f = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"tp": tp, "fp": fp, "fn": fn, "iou_sum": float(total), "precision": float(precision),
            "recall": float(recall), "score": float(f)}


def box(height, width, x, y, w, h):
    mask = np.zeros((height, width), bool)
    mask[max(y, 0):y + h, max(x, 0):x + w] = True
    return mask


def ellipse(height, width, cx, cy, rx, ry):
    y, x = np.mgrid[:height, :width]
    return ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1


def random_scene(rng, height, width, objects, extra):
    """Ellipses that may overlap; predictions are those moved, some missed, some found twice, and some of nothing."""
    shapes = [(rng.uniform(0, width), rng.uniform(0, height), rng.uniform(2, 9), rng.uniform(2, 9)) for _ in range(objects)]
    truths = [ellipse(height, width, *shape) for shape in shapes]
    predictions = []
    for shape in shapes:
        for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
            moved = np.array(shape) + rng.normal(0, 1.5, 4)
            predictions.append(ellipse(height, width, moved[0], moved[1], *np.maximum(moved[2:], 1)))
    predictions += [ellipse(height, width, rng.uniform(0, width), rng.uniform(0, height), 2, 3) for _ in range(extra)]
    scores = [round(float(value), 2) for value in rng.uniform(0, 1, len(predictions))]
    return truths, predictions, scores


def scenes():
    def b(*args):
        return box(20, 24, *args)
    yield "perfect", [([b(2, 2, 5, 5), b(12, 3, 6, 9)], [b(2, 2, 5, 5), b(12, 3, 6, 9)], [0.9, 0.8])]
    yield "no predictions", [([b(2, 2, 5, 5), b(12, 3, 6, 9)], [], [])]
    yield "no ground truths", [([], [b(2, 2, 5, 5)], [0.5])]
    yield "nothing at all", [([], [], [])]
    yield "no overlap", [([b(0, 0, 5, 5)], [b(10, 10, 5, 5)], [0.5])]
    # one prediction over two equal objects counts for both
    yield "exact tie", [([b(2, 2, 4, 4), b(6, 2, 4, 4)], [b(2, 2, 8, 4)], [0.5])]
    yield "tie and better", [([b(2, 2, 4, 4), b(6, 2, 4, 4)], [b(2, 2, 8, 4), b(6, 2, 4, 4)], [0.5, 0.4])]
    yield "near tie", [([b(2, 2, 4, 4), b(6, 2, 4, 5)], [b(2, 2, 8, 4)], [0.5])]
    yield "duplicates", [([b(2, 2, 6, 6)], [b(2, 2, 6, 6)] * 3, [0.9, 0.9, 0.1])]
    # 4 of 40 pixels are an IoU of exactly 0.1, which is not above it; 5 of 40 are
    yield "duplicate at 0.1", [([b(0, 0, 8, 5)], [b(0, 0, 8, 5), b(0, 0, 4, 1)], [0.9, 0.8])]
    yield "duplicate above 0.1", [([b(0, 0, 8, 5)], [b(0, 0, 8, 5), b(0, 0, 5, 1)], [0.9, 0.8])]
    yield "second choice is lost", [([b(2, 2, 4, 4), b(5, 2, 4, 4)], [b(3, 2, 4, 4)], [0.7])]
    yield "empty masks", [([b(2, 2, 4, 4), b(0, 0, 0, 0)], [b(0, 0, 0, 0), b(2, 2, 4, 3)], [0.7, 0.6])]
    rng = np.random.default_rng(3)
    yield "random", [random_scene(rng, 40, 56, objects, extra) for objects, extra in
                     [(12, 2), (0, 3), (25, 0), (1, 0), (8, 5), (30, 4)]] + [([ellipse(40, 56, 20, 20, 8, 6)], [], [])]
    yield "dense", [random_scene(rng, 32, 32, 30, 6)]


def score_above(images, threshold):
    return score([count(truths, [p for p, s in zip(predictions, scores) if s >= threshold])
                  for truths, predictions, scores in images])


def mask_of(segmentation):
    """A mask from COCO's compressed run lengths."""
    counts, x, shift = [], 0, 0
    for character in segmentation["counts"]:
        group = ord(character) - 48
        x |= (group & 0x1F) << shift
        shift += 5
        if not group & 0x20:
            if group & 0x10:
                x -= 1 << shift
            counts.append(x + counts[-2] if len(counts) > 2 else x)
            x, shift = 0, 0
    height, width = segmentation["size"]
    return np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(width, height).T


def nuclei():
    """torchvision's detections on the nuclei of ../shared/data, which must lie beside the repository."""
    data = Path(__file__).parents[4] / "shared" / "data"
    truth = json.loads((data / "nuclei/annotations/val_rle.json").read_text())
    found = json.loads((data / "slim/val.torchvision.segm.json").read_text())
    images = []
    for image in truth["images"]:
        mine = [one for one in found if one["image_id"] == image["id"]]
        images.append(([mask_of(one["segmentation"]) for one in truth["annotations"] if one["image_id"] == image["id"]],
                       [mask_of(one["segmentation"]) for one in mine], [one["score"] for one in mine]))
    return {str(threshold): score_above(images, threshold) for threshold in (0, 0.3, 0.7, 0.95)}


def generate():
    cases = []
    for name, images in scenes():
        thresholds = sorted({s for _, _, scores in images for s in scores})
        sweep = [{"threshold": threshold, **score_above(images, threshold)} for threshold in thresholds]
        cases.append({
            "name": name,
            "images": [{
                "size": (truths + predictions + [np.zeros((20, 24))])[0].shape,
                "truths": [counts_of(mask) for mask in truths],
                "predictions": [counts_of(mask) for mask in predictions],
                "scores": scores,
                "counts": count(truths, predictions),
            } for truths, predictions, scores in images],
            "expected": score([count(truths, predictions) for truths, predictions, _ in images]),
            # every threshold would be much to keep: the best, and a few of the others
            "sweep": sweep[::10],
            "best": max(sweep, key=lambda step: (step["score"], step["threshold"])) if sweep else None,
        })
    path = FIXTURES / "challenge_score.json"
    rows = ",\n".join(json.dumps(case, separators=(",", ":"), default=float) for case in cases)
    path.write_text(f'{{"nuclei":{json.dumps(nuclei())},\n"cases":[\n{rows}\n]}}\n')
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size / 1024:.0f} KiB")
