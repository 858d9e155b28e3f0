"""preprocessImage: torchvision's GeneralizedRCNNTransform in float64 on images of 8-bit values.

Large images are made in float32, as torchvision runs: far from the origin the rounding of the scale shows.
"""
import numpy as np
import torch
from torchvision.models.detection.transform import GeneralizedRCNNTransform

from fixture import Fixture, formula

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
# name, source height and width, min size, max size
CASES = [("upscale", 20, 31, 48, 120), ("downscale", 75, 101, 40, 90), ("odd", 37, 23, 41, 64), ("same", 24, 33, 24, 60),
         ("limited", 10, 70, 40, 84), ("single", 1, 1, 5, 9), ("row", 1, 7, 3, 40), ("column", 9, 1, 4, 31)]


# the same; every STEP-th value of the output in NHWC order is stored
LARGE = [("large_upscale", 520, 696, 800, 1333), ("large_downscale", 1201, 900, 640, 803)]
STEP = 1009


def generate():
    fixture = Fixture("image")
    for name, height, width, min_size, max_size in CASES + LARGE:
        large = (name, height, width, min_size, max_size) in LARGE
        # formula() gives k / 2^23 - 1: its top 8 bits are the pixel
        pixels = np.floor((formula([height, width, 3], 70).astype(np.float64) + 1) * 128).astype(np.uint8)
        image = torch.from_numpy(pixels).permute(2, 0, 1)
        image = image.float() / 255 if large else image.double() / 255
        transform = GeneralizedRCNNTransform(min_size, max_size, MEAN, STD, size_divisible=8)
        images, _ = transform([image])
        resized = images.image_sizes[0]
        y = images.tensors.permute(0, 2, 3, 1).reshape(-1)[::STEP] if large else images.tensors
        fixture.case(name, {}, {"y": y}, step=STEP if large else 1, source=[height, width], resized=list(resized),
                     padded=list(images.tensors.shape[2:]), mean=MEAN, std=STD, seed=70)
    fixture.save()
