"""decodeBoxes and rescaleBoxes, by torchvision in float64."""
import numpy as np
import torch
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.transform import resize_boxes
from torchvision.ops import clip_boxes_to_image

from fixture import Fixture, formula


def boxes_in(count, height, width, seed):
    corners = (formula([count, 2], seed).astype(np.float64) + 1) / 2 * [width, height]
    sizes = (formula([count, 2], seed + 1).astype(np.float64) + 1) / 2 * [width, height] * 0.6
    return np.concatenate([corners, corners + sizes], axis=1).astype(np.float32)


def decode_case(fixture, name, deltas, references, indices, counts, info, weights, groupsPerRow, segmentGroup):
    S, k = indices.shape
    rows = deltas.reshape(-1, deltas.shape[-1] // 4, 4)
    boxes = np.zeros((S, k, 4))
    coder = BoxCoder(weights)
    for s in range(S):
        for j in range(counts[s]):
            i = indices[s, j]
            group = i % groupsPerRow + (s + 1 if segmentGroup else 0)
            delta = torch.from_numpy(rows[i // groupsPerRow, group].astype(np.float64))[None]
            box = coder.decode_single(delta, torch.from_numpy(references[i].astype(np.float64))[None]).reshape(1, 4)
            boxes[s, j] = clip_boxes_to_image(box, (info[2], info[3])).numpy()
    fixture.case(name, {"deltas": deltas, "references": references, "indices": indices, "counts": counts,
                        "info": np.array(info, dtype=np.int32)}, {"boxes": boxes},
                 kind="decode", op={"weights": weights, "groupsPerRow": groupsPerRow, "segmentGroup": segmentGroup})


def generate():
    fixture = Fixture("boxes")
    info = [333, 500, 80, 120]
    H, W, A = 5, 7, 3
    L = H * W * A
    rng = np.random.default_rng(1)
    deltas = formula([1, H, W, A * 4], 1) * np.float32(2)
    deltas[0, 0, 0, 2] = 50  # clamped before exp
    order = rng.permutation(L)[:40].astype(np.int32).reshape(1, 40)
    order[0, 0] = 0
    decode_case(fixture, "anchors", deltas, boxes_in(L, 80, 120, 2), order, np.array([37], dtype=np.int32), info,
                (1.0, 1.0, 1.0, 1.0), A, False)
    R, C = 30, 5
    deltas = formula([R, C * 4], 4) * np.float32(8)
    references = boxes_in(R, 80, 120, 5)
    references[3, 2:] = references[3, :2]  # zero area
    references[4] = [-50, -60, -20, -10]  # outside
    indices = np.stack([rng.permutation(R)[:20] for _ in range(C - 1)]).astype(np.int32)
    indices[0, :2] = [3, 4]
    decode_case(fixture, "classes", deltas, references, indices, np.array([20, 0, 1, 13], dtype=np.int32), info,
                (10.0, 10.0, 5.0, 5.0), 1, True)
    # more places than one workgroup's run
    indices = rng.integers(0, R, (1, 2600)).astype(np.int32)
    decode_case(fixture, "long", deltas, references, indices, np.array([2500], dtype=np.int32), info,
                (10.0, 10.0, 5.0, 5.0), 1, True)
    decode_case(fixture, "no places", deltas, references, np.zeros((2, 0), dtype=np.int32), np.zeros(2, dtype=np.int32),
                info, (10.0, 10.0, 5.0, 5.0), 1, True)
    for name, count, used in [("rescale", 50, 50), ("rescale, counted", 50, 11), ("rescale none", 0, 0)]:
        boxes = boxes_in(count, 80, 120, 9)
        scaled = resize_boxes(torch.from_numpy(boxes).double(), (80, 120), (333, 500))
        fixture.case(name, {"boxes": boxes, "info": np.array(info, dtype=np.int32)}, {"boxes": scaled[:used]},
                     kind="rescale", count=used)
    fixture.save()
