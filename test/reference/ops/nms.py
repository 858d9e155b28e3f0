"""nms and batchedNms against torchvision on the processor."""
import numpy as np
import torch
from torchvision.ops import batched_nms, nms, remove_small_boxes

from fixture import Fixture


def random_boxes(rng, count, extent, size, grid=None):
    corners = rng.uniform(0, extent, (count, 2))
    sizes = rng.uniform(0, size, (count, 2))
    boxes = np.concatenate([corners, corners + sizes], axis=1)
    if grid:
        boxes = np.round(boxes / grid) * grid
    return boxes.astype(np.float32)


def kept_in(boxes, scores, labels, threshold, minSize):
    """boxes by descending score. Labels apart by running each label alone, which no offset can blur."""
    boxes, scores = torch.from_numpy(boxes), torch.from_numpy(scores)
    candidates = remove_small_boxes(boxes, minSize)
    kept = []
    for label in np.unique(labels):
        own = candidates[torch.from_numpy(labels)[candidates] == label]
        kept += own[nms(boxes[own], scores[own], threshold)].tolist()
    return np.array(sorted(kept), dtype=np.int32)


def nms_case(fixture, name, lists, threshold, minSize=-1e30, capacity=None, labels=None):
    capacity = capacity or max(len(boxes) for boxes in lists)
    boxes = np.full((len(lists), capacity, 4), 7, dtype=np.float32)  # what is past the counts must not matter
    boxes[:, :, 2:] = 90
    scores = np.full((len(lists), capacity), 9, dtype=np.float32)
    used = np.zeros((len(lists), capacity), dtype=np.int32)
    kept = []
    for s, own in enumerate(lists):
        n = len(own)
        boxes[s, :n] = own
        scores[s, :n] = np.sort(np.float32(1) - np.arange(n, dtype=np.float32) // 2 / np.float32(5000))[::-1]
        used[s, :n] = 0 if labels is None else labels[s]
        kept.append(kept_in(own, scores[s, :n].copy(), used[s, :n], threshold, minSize))
    inputs = {"boxes": boxes, "scores": scores, "counts": np.array([len(own) for own in lists], dtype=np.int32)}
    if labels is not None:
        inputs["labels"] = used
    fixture.case(name, inputs, {"kept": np.concatenate(kept), "counts": np.array([len(k) for k in kept], dtype=np.int32)},
                 threshold=threshold, minSize=minSize)


def generate_nms():
    fixture = Fixture("nms")
    rng = np.random.default_rng(7)
    nms_case(fixture, "1000 boxes", [random_boxes(rng, 1000, 300, 120)], 0.7)
    nms_case(fixture, "4096 boxes", [random_boxes(rng, 4096, 900, 160)], 0.5)
    # whole coordinates: many overlaps are exactly 1/2, 1/3 ...
    for threshold in (0.5, 1 / 3, 0.7, 0.25):
        nms_case(fixture, f"grid {threshold:.2f}", [random_boxes(rng, 300, 8, 8, grid=1)], threshold)
    nms_case(fixture, "grid 0", [random_boxes(rng, 100, 30, 8, grid=1)], 0.0)
    nms_case(fixture, "grid 1", [random_boxes(rng, 100, 6, 6, grid=2)], 1.0)
    same = np.repeat(np.array([[3, 4, 50, 60]], dtype=np.float32), 70, axis=0)
    nms_case(fixture, "all the same", [same], 0.5)
    nms_case(fixture, "zero area", [same[:, [0, 1, 0, 1]]], 0.5)
    turned = random_boxes(rng, 40, 20, 20)
    turned[::3] = turned[::3][:, [2, 3, 0, 1]]
    nms_case(fixture, "corners swapped", [turned], 0.3)
    nms_case(fixture, "small boxes", [random_boxes(rng, 200, 20, 6, grid=0.5)], 0.4, minSize=1.5)
    lists = [random_boxes(rng, n, 60, 40) for n in (33, 0, 1, 64, 100)]
    nms_case(fixture, "lists", lists, 0.5, minSize=1e-3, capacity=100)
    nms_case(fixture, "one box", [random_boxes(rng, 1, 60, 40)], 0.5)
    nms_case(fixture, "none", [random_boxes(rng, 0, 60, 40)], 0.5, capacity=40)
    lists = [random_boxes(rng, n, 60, 40) for n in (200, 90)]
    nms_case(fixture, "labels", lists, 0.5, minSize=1, labels=[rng.integers(0, 4, len(own)) for own in lists])
    # pairs whose overlap is a few units in the last place around the threshold
    lists = []
    for ulps in range(-12, 13):
        for width, height in rng.uniform(3, 900, (12, 2)).astype(np.float32):
            lower = np.float32(height * np.float32(0.7)) + np.spacing(np.float32(height * 0.7)) * np.float32(ulps)
            lists.append(np.array([[0, 0, width, height], [0, 0, width, lower]], dtype=np.float32))
    nms_case(fixture, "near the threshold", lists, 0.7)
    fixture.save()


def generate_batched():
    fixture = Fixture("batched_nms")
    rng = np.random.default_rng(8)
    for name, count, used, extent, ties, k in [
        ("offsets", 1000, None, 200, False, 1000), ("by label", 1001, None, 200, False, 1001),
        ("4096", 4096, None, 700, True, 4096), ("ties", 400, None, 60, True, 400), ("first 50", 400, None, 60, True, 50),
        ("counted", 1200, 900, 200, True, 1200), ("none in use", 100, 0, 60, False, 100), ("one", 1, None, 60, False, 1),
        ("empty", 0, None, 60, False, 0),
    ]:
        n = count if used is None else used
        boxes = random_boxes(rng, count, extent, 70)
        boxes[: n // 10] -= np.float32(150)  # negative: offsets may push classes together
        scores = rng.uniform(0, 1, count)
        scores = (np.round(scores * 50) / 50 if ties else scores).astype(np.float32)
        labels = rng.integers(0, 4, count).astype(np.int32)
        tensors = [torch.from_numpy(array[:n]) for array in (boxes, scores, labels.astype(np.int64))]
        kept = batched_nms(*tensors, 0.5)
        # above 4000 coordinates torchvision orders equal scores by an unstable sort; ours go by index
        order = np.lexsort((kept.numpy(), -scores[kept.numpy()]))
        kept = kept[torch.from_numpy(order)][:k]
        fixture.case(name, {"boxes": boxes, "scores": scores, "labels": labels}, {"kept": kept.to(torch.int32)},
                     op={"threshold": 0.5, "k": k}, count=used)
    fixture.save()


def generate():
    generate_nms()
    generate_batched()
