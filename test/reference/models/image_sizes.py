"""Makes image_sizes.json: the sizes that torchvision's GeneralizedRCNNTransform gives images, as rows of
height, width, min_size, max_size, resized height, resized width, padded height, padded width.
"""
import json
import random
from pathlib import Path

import torch
from torchvision.models.detection.transform import GeneralizedRCNNTransform


def sizes(height, width, min_size, max_size):
    transform = GeneralizedRCNNTransform(min_size, max_size, [0.0], [1.0]).eval()
    images, _ = transform([torch.zeros(1, height, width)])
    return [height, width, min_size, max_size, *images.image_sizes[0], *images.tensors.shape[-2:]]


def generate():
    draw = random.Random(1)
    limits = [(320, 320), (320, 512), (800, 1333), (64, 96), (333, 777)]
    rows = [sizes(300, 400, 320, 320), sizes(1, 1, 320, 512), sizes(30, 2000, 320, 512), sizes(2000, 30, 320, 512)]
    for i in range(200):
        side = 10 ** draw.uniform(1, 3)
        ratio = 10 ** draw.uniform(-0.5, 0.5)
        rows.append(sizes(round(side * ratio), round(side / ratio), *limits[i % len(limits)]))
    path = Path(__file__).with_suffix(".json")
    path.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
