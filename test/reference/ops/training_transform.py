"""Images with their objects as torchvision's GeneralizedRCNNTransform makes them for training, flipped before as its reference
recipes do. In float32, as torchvision runs: which pixel is nearest depends on the rounding of the scale.

Masks are stored as bits, 8 pixels a byte, the first pixel lowest.
"""
import numpy as np
import torch
from torchvision.models.detection.transform import GeneralizedRCNNTransform

from fixture import Fixture, formula

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
# name, source height and width, min size, max size, flips (x, y), objects
CASES = [("same", 40, 53, 40, 90, (False, False), 5), ("upscale", 37, 50, 61, 120, (False, False), 6),
         ("downscale", 96, 131, 57, 200, (False, False), 7), ("flip_x", 41, 67, 50, 100, (True, False), 5),
         ("flip_y", 60, 45, 32, 70, (False, True), 5), ("flip_both", 70, 99, 64, 100, (True, True), 40),
         ("limited", 30, 110, 60, 128, (False, True), 4), ("no_objects", 33, 30, 40, 60, (True, False), 0)]


def blobs(count, height, width):
    """Ellipses with ragged edges and holes, none empty after the resize."""
    ys, xs = np.mgrid[:height, :width]
    values = (formula([max(count, 1), 4], 3).astype(np.float64) + 1) / 2
    masks = []
    for i in range(count):
        cx, cy = values[i, 0] * width, values[i, 1] * height
        rx, ry = 4 + values[i, 2] * width / 3, 4 + values[i, 3] * height / 3
        inside = ((xs + 0.5 - cx) / rx) ** 2 + ((ys + 0.5 - cy) / ry) ** 2 <= 1
        masks.append(inside & (formula([height, width], 20 + i) > -0.7))
    return np.array(masks, dtype=bool).reshape(count, height, width)


def boxes_of(masks):
    boxes = [[m.any(0).argmax(), m.any(1).argmax(), m.shape[1] - m.any(0)[::-1].argmax(),
              m.shape[0] - m.any(1)[::-1].argmax()] for m in masks]
    return torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)


def bits(masks):
    return np.packbits(np.asarray(masks, dtype=bool).reshape(-1), bitorder="little")


def generate():
    fixture = Fixture("training_transform")
    for name, height, width, min_size, max_size, flips, count in CASES:
        # formula() gives k / 2^23 - 1: its top 8 bits are the pixel
        pixels = np.floor((formula([height, width, 3], 70).astype(np.float64) + 1) * 128).astype(np.uint8)
        masks = blobs(count, height, width)
        boxes = boxes_of(masks)
        image = torch.from_numpy(pixels).permute(2, 0, 1).float() / 255
        target = {"boxes": boxes.clone(), "masks": torch.from_numpy(masks.astype(np.uint8))}
        # as references/detection/transforms.py
        if flips[0]:
            image = image.flip(-1)
            target["boxes"][:, [0, 2]] = width - target["boxes"][:, [2, 0]]
            target["masks"] = target["masks"].flip(-1)
        if flips[1]:
            image = image.flip(-2)
            target["boxes"][:, [1, 3]] = height - target["boxes"][:, [3, 1]]
            target["masks"] = target["masks"].flip(-2)
        transform = GeneralizedRCNNTransform(min_size, max_size, MEAN, STD, size_divisible=32).train()
        if count == 0:
            target.pop("masks")
        images, targets = transform([image], [target])
        size = images.image_sizes[0]
        warped = targets[0]["masks"].numpy() if count > 0 else np.zeros((0, *size), dtype=np.uint8)
        assert count == 0 or warped.reshape(count, -1).any(1).all(), name
        fixture.case(name, {"boxes": boxes, "masks": bits(masks)},
                     {"y": images.tensors.permute(0, 2, 3, 1).reshape(-1)[::29], "boxes": targets[0]["boxes"],
                      "masks": bits(warped)},
                     source=[height, width], size=list(size), padded=list(images.tensors.shape[2:]), flips=list(flips),
                     min_size=min_size, max_size=max_size, mean=MEAN, std=STD, seed=70, step=29, objects=count)
    fixture.save()
