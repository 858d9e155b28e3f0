"""PASCAL VOC's average precision as the development kit defines it, and scores of label maps, in plain Python and NumPy.

Follows the text of the VOC challenge papers: inclusive pixel boxes, difficult objects ignored, the object of highest overlap.
"""
import json

import numpy as np

from fixture import FIXTURES


def generate():
    random = np.random.default_rng(3)
    content = {"scenes": [scene(random) for _ in range(8)], "labelMaps": [label_maps(random, k) for k in (2, 3, 21)]}
    path = FIXTURES / "voc.json"
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")


def scene(random):
    """Boxes as xmin, ymin, xmax, ymax, all inclusive."""
    objects, detections = [], []
    for image in range(5):
        for label in (1, 2, 3):
            for _ in range(random.integers(0, 5)):
                x, y = random.integers(1, 60, 2)
                w, h = random.integers(2, 40, 2)
                box = [int(x), int(y), int(x + w), int(y + h)]
                # at times twice, so that a detection overlaps both alike
                for _ in range(1 + int(random.random() < 0.15)):
                    objects.append({"image": image, "label": label, "box": box, "difficult": int(random.random() < 0.2)})
                for _ in range(random.integers(0, 3)):
                    moved = [int(v + random.integers(-4, 5)) for v in box]
                    if moved[2] > moved[0] and moved[3] > moved[1]:
                        detections.append({"image": image, "label": label, "box": moved, "score": score(random)})
            if random.random() < 0.4:
                detections.append({"image": image, "label": label, "box": [3, 5, 14, 18], "score": score(random)})
    random.shuffle(detections)
    expected = {}
    for threshold in (0.5, 0.7):
        curves = {label: precision_recall(objects, detections, label, threshold) for label in (1, 2, 3)}
        expected[str(threshold)] = {
            "all": {label: area_under(*curve) for label, curve in curves.items()},
            "11": {label: eleven_points(*curve) for label, curve in curves.items()},
        }
    return {"objects": objects, "detections": detections, "expected": expected}


def score(random):
    return float(random.choice([0.3, 0.5, 0.9, round(float(random.random()), 3)]))


def precision_recall(objects, detections, label, threshold):
    truths = {}
    for entry in objects:
        if entry["label"] == label:
            truths.setdefault(entry["image"], []).append({**entry, "found": False})
    positives = sum(not entry["difficult"] for entries in truths.values() for entry in entries)
    hits, misses = [], []
    ranked = sorted((d for d in detections if d["label"] == label), key=lambda d: -d["score"])
    for detection in ranked:
        best, best_overlap = None, -np.inf
        for entry in truths.get(detection["image"], []):
            overlap = iou(detection["box"], entry["box"])
            if overlap > best_overlap:
                best, best_overlap = entry, overlap
        hit = miss = 0
        if best_overlap >= threshold:
            if not best["difficult"]:
                hit, miss = (0, 1) if best["found"] else (1, 0)
                best["found"] = True
        else:
            miss = 1
        hits.append(hit)
        misses.append(miss)
    hits, misses = np.cumsum(hits), np.cumsum(misses)
    return hits / positives, hits / np.maximum(hits + misses, np.finfo(float).eps)


def iou(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0]) + 1
    h = min(a[3], b[3]) - max(a[1], b[1]) + 1
    if w <= 0 or h <= 0:
        return 0.0
    area = lambda box: (box[2] - box[0] + 1) * (box[3] - box[1] + 1)  # noqa: E731
    return w * h / (area(a) + area(b) - w * h)


def area_under(recall, precision):
    recall = np.concatenate([[0.0], recall, [1.0]])
    precision = np.concatenate([[0.0], precision, [0.0]])
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.nonzero(recall[1:] != recall[:-1])[0]
    return float(np.sum((recall[steps + 1] - recall[steps]) * precision[steps + 1]))


def eleven_points(recall, precision):
    return float(sum(precision[recall >= t / 10].max(initial=0) for t in range(11)) / 11)


def label_maps(random, classes):
    """Two images of 12 x 9 pixels; the last class occurs in the prediction alone, label 255 in both."""
    truths = random.integers(0, max(classes - 1, 1), (2, 9, 12))
    predictions = np.where(random.random(truths.shape) < 0.6, truths, random.integers(0, classes, truths.shape))
    truths[random.random(truths.shape) < 0.1] = 255
    predictions[random.random(truths.shape) < 0.03] = 255
    scored = truths != 255
    truth, found = truths[scored], predictions[scored]
    union = [np.sum((truth == k) | (found == k)) for k in range(classes)]
    both = [np.sum((truth == k) & (found == k)) for k in range(classes)]
    size = [np.sum(truth == k) for k in range(classes)]
    iou = [float(b / u) if u else None for b, u in zip(both, union)]
    accuracy = [float(b / s) if s else None for b, s in zip(both, size)]
    mean = lambda values: float(np.mean([v for v in values if v is not None]))  # noqa: E731
    return {
        "classes": classes, "truths": truths.reshape(2, -1).tolist(), "predictions": predictions.reshape(2, -1).tolist(),
        "expected": {"pixelAccuracy": float(np.mean(truth == found)), "meanAccuracy": mean(accuracy),
                     "meanIou": mean(iou), "iou": iou, "accuracy": accuracy},
    }
