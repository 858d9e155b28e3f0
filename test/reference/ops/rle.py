"""Pasted masks of torchvision as run-length codes, and codes of plain masks."""
import numpy as np
import torch
from torchvision.models.detection.roi_heads import paste_masks_in_image

from fixture import Fixture, formula
from ops._rle import encoded

# farther from the threshold than any rounding, so that the order of the operations does not decide
CLEAR = 2e-6


def smooth(items, height, width, seed):
    """Blobs with noise, as mask heads give them."""
    noise = formula((items, height, width), seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    blob = 1.3 - 3.2 * np.hypot((y + 0.5) / height - 0.5, (x + 0.5) / width - 0.5)
    return np.clip(blob[None] * (0.75 + 0.25 * np.roll(noise, 1, 0)) + 0.25 * noise, 0, 1).astype(np.float32)


def noisy(items, height, width, seed):
    return (formula((items, height, width), seed) * 0.5 + 0.5).astype(np.float32)


def pasted(masks, boxes, image):
    images = []
    for mask, box in zip(torch.from_numpy(masks), torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)):
        try:
            values = paste_masks_in_image(mask[None, None], box[None], image)[0, 0]
        except RuntimeError:
            # torchvision fails on boxes outside of the image
            values = torch.zeros(image)
        images.append(values)
    return torch.stack(images) if images else torch.zeros(0, *image)


def clear_threshold(values, threshold):
    """The first of some numbers from `threshold` on that no value comes near to."""
    for step in range(50):
        candidate = threshold + step / 512
        if not ((values - candidate).abs() < CLEAR).any():
            return candidate
    raise ValueError("values come near to every threshold")


def paste_case(fixture, name, masks, boxes, image, threshold=0.5):
    values = pasted(masks, boxes, image)
    threshold = clear_threshold(values, threshold)
    boxes = np.array(boxes, dtype=np.float32).reshape(-1, 4)
    fixture.case(name, {"masks": masks, "boxes": boxes}, encoded((values > threshold).numpy()), threshold=threshold, height=image[0],
                 width=image[1], kind="paste")


def encode_case(fixture, name, masks):
    masks = np.asarray(masks).astype(np.uint8)
    fixture.case(name, {"masks": masks}, encoded(masks), height=masks.shape[1], width=masks.shape[2],
                 kind="encode")


def generate():
    fixture = Fixture("rle")
    ordinary = [[10.3, 12.7, 60.2, 50.9], [0, 0, 96, 70], [50.5, 20.25, 80.75, 69.9], [30, 30, 31, 31], [5, 40, 90, 44]]
    paste_case(fixture, "ordinary", smooth(5, 28, 28, 1), ordinary, (70, 96))
    paste_case(fixture, "noise", noisy(5, 28, 28, 2), ordinary, (70, 96))
    paste_case(fixture, "small masks", noisy(5, 7, 7, 3), ordinary, (70, 96), 0.3)
    paste_case(fixture, "masks of one pixel", noisy(5, 1, 1, 4) * 0.3 + 0.65, ordinary, (70, 96))
    paste_case(fixture, "oblong masks", noisy(5, 9, 14, 5), ordinary, (70, 96), 0.4)
    edges = [[-20, -10, 30, 40], [70, 50, 130, 100], [-30, -30, 130, 110], [20, -10, 60, 90], [40, 0, 80, 70],
             [-10, 20, 100, 60], [95.5, 69.5, 96, 70], [0, 0, 0.5, 0.5]]
    paste_case(fixture, "over the borders", smooth(8, 28, 28, 6), edges, (70, 96))
    paste_case(fixture, "noise over the borders", noisy(8, 28, 28, 7), edges, (70, 96))
    full = np.ones((8, 14, 14), dtype=np.float32)
    paste_case(fixture, "full masks", full, edges, (70, 96))
    paste_case(fixture, "full masks over whole columns", full[:3], [[10, -20, 40, 90], [-20, -20, 120, 90], [60, -9, 140, 80]], (70, 96))
    paste_case(fixture, "empty masks", np.zeros((3, 28, 28), dtype=np.float32), edges[:3], (70, 96))
    outside = [[-60, 10, -20, 40], [110, 10, 150, 40], [10, -80, 40, -20], [10, 90, 40, 120], [10, 10, 40, 40]]
    paste_case(fixture, "outside of the image", full[:5], outside, (70, 96))
    paste_case(fixture, "no boxes", np.zeros((0, 28, 28), dtype=np.float32), [], (70, 96))
    degenerate = [[20, 20, 20, 20], [20.2, 20.9, 20.3, 20.95], [10, 10, 11, 60], [10, 30, 80, 30.5]]
    paste_case(fixture, "thin boxes", smooth(4, 28, 28, 8), degenerate, (70, 96), 0.2)
    paste_case(fixture, "image of one pixel", full[:2], [[0, 0, 1, 1], [-3, -3, 5, 5]], (1, 1))
    paste_case(fixture, "image of one row", noisy(3, 28, 28, 9), [[0, 0, 200, 1], [30, -2, 150, 4], [10, 0, 190, 0.5]], (1, 200))
    paste_case(fixture, "image of one column", noisy(3, 28, 28, 10), [[0, 0, 1, 200], [-2, 30, 4, 150], [0, 10, 0.5, 190]], (200, 1))
    paste_case(fixture, "large image", np.concatenate([smooth(2, 28, 28, 11), noisy(1, 28, 28, 12)]),
               [[5, 9, 1180.5, 880.3], [200.7, 100.1, 640.9, 300.2], [600, 30, 1000, 700]], (900, 1200))
    grid = [[i % 12 * 24 + i * 0.37, i // 12 * 24 + i * 0.23, i % 12 * 24 + 20 + i * 0.41, i // 12 * 24 + 22 + i * 0.19]
            for i in range(120)]
    paste_case(fixture, "many", smooth(120, 7, 7, 13), grid, (260, 320))

    generator = np.random.default_rng(0)
    encode_case(fixture, "encode noise", generator.random((4, 13, 17)) < 0.5)
    encode_case(fixture, "encode dense and sparse", [generator.random((40, 30)) < p for p in (0.02, 0.2, 0.9, 0.99)])
    encode_case(fixture, "encode full and empty", [np.zeros((9, 5)), np.ones((9, 5)), np.eye(9, 5), 1 - np.eye(9, 5)])
    encode_case(fixture, "encode one pixel", [[[0]], [[1]]])
    encode_case(fixture, "encode one row", generator.random((3, 1, 70)) < 0.4)
    encode_case(fixture, "encode one column", generator.random((3, 70, 1)) < 0.4)
    encode_case(fixture, "encode long runs", [np.arange(300 * 200).reshape(300, 200) % 40000 > 20000, np.tri(300, 200)])
    encode_case(fixture, "encode nothing", np.zeros((0, 4, 4)))
    fixture.save()
