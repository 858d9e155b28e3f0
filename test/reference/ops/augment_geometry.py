"""Warped images and masks by PyTorch's grid_sample, and blurred ones by torchvision's gaussian_blur, in float64.

A destination pixel's centre (x, y) shows the point (a x + b y + c, d x + e y + f) of the source.
"""
import math

import numpy as np
import torch
from torchvision.transforms.functional import gaussian_blur

from fixture import Fixture, formula
from ops.training_transform import bits, blobs

MEAN, STD = [0.4, 0.5, 0.6], [0.2, 0.25, 0.3]


def about(height, width, angle=0.0, shear=0.0, scale=1.0, dx=0.0, dy=0.0):
    cos, sin = math.cos(math.radians(angle)) * scale, math.sin(math.radians(angle)) * scale
    a, b, d, e = cos, sin + shear, -sin, cos
    cx, cy = width / 2, height / 2
    return [a, b, cx - a * cx - b * cy + dx, d, e, cy - d * cx - e * cy + dy]


# name, source height and width, result height and width, matrix, flips (x, y), border, objects
CASES = [("rotated", 40, 52, 40, 52, about(40, 52, 33), (False, False), [10, 20, 200], 6),
         ("rotated_edge", 37, 45, 37, 45, about(37, 45, -71), (True, False), "edge", 5),
         ("sheared", 50, 41, 50, 41, about(50, 41, 0, 0.3), (False, True), [0, 0, 0], 4),
         ("moved", 45, 60, 45, 60, about(45, 60, dx=11.3, dy=-20.7), (False, False), [255, 255, 255], 30),
         ("cropped", 70, 90, 50, 64, [0.5, 0, 21, 0, 0.5, 13], (True, True), "edge", 12),
         ("all", 61, 83, 47, 99, about(50, 80, 160, -0.2, 0.9, 3.1, 5.7), (True, False), [128, 0, 64], 9),
         ("outside", 20, 20, 12, 15, about(20, 20, dx=100), (False, False), [1, 2, 3], 2)]
# name, height and width, padded ones, sigma
BLURS = [("little", 21, 30, 32, 32, 0.4), ("some", 33, 31, 64, 32, 1.7), ("much", 40, 37, 64, 64, 4.0),
         ("none", 9, 12, 32, 32, 0.0), ("narrow", 30, 4, 32, 32, 1.0)]


def generate():
    fixture = Fixture("augment_geometry")
    for name, height, width, out_height, out_width, matrix, flips, border, count in CASES:
        pixels = np.floor((formula([height, width, 3], 71).astype(np.float64) + 1) * 128).astype(np.uint8)
        masks = blobs(count, height, width)
        axes = [axis for axis, flip in ((-1, flips[0]), (-2, flips[1])) if flip]
        image = torch.from_numpy(pixels).permute(2, 0, 1).double().flip(axes)[None]
        flipped = torch.from_numpy(masks).double().flip(axes)[None]
        matrix = [float(np.float32(v)) for v in matrix]
        ys, xs = np.mgrid[:out_height, :out_width] + 0.5
        sx = matrix[0] * xs + matrix[1] * ys + matrix[2]
        sy = matrix[3] * xs + matrix[4] * ys + matrix[5]
        grid = torch.from_numpy(np.stack([2 * sx / width - 1, 2 * sy / height - 1], -1))[None]
        y = torch.nn.functional.grid_sample(image, grid, "bilinear", "border", align_corners=False)[0].numpy()
        if border != "edge":
            outside = (sx < 0) | (sx > width) | (sy < 0) | (sy > height)
            y[:, outside] = np.array(border, dtype=np.float64)[:, None]
        warped = torch.nn.functional.grid_sample(flipped, grid, "nearest", "zeros", align_corners=False)[0].numpy() > 0.5
        # a point so near to a pixel's edge may be on either side in float32
        near = np.minimum(np.abs(sx - np.round(sx)), np.abs(sy - np.round(sy))) < 1e-4
        assert near.mean() < (1 if name == "cropped" else 0.02), (name, near.mean())
        y = (y / 255 - np.reshape(MEAN, (3, 1, 1))) / np.reshape(STD, (3, 1, 1))
        fixture.case(name, {"masks": bits(masks)},
                     {"y": y.transpose(1, 2, 0).reshape(-1, 3)[::11], "masks": bits(warped), "near": bits(near)},
                     kind="warp", source=[height, width], size=[out_height, out_width], matrix=matrix, flips=list(flips),
                     border=border, objects=count, mean=MEAN, std=STD, seed=71, step=11)
    for name, height, width, padded_height, padded_width, sigma in BLURS:
        y = torch.from_numpy(formula([height, width, 3], 8)).double()
        if sigma > 0:
            side = 2 * math.ceil(3 * sigma) + 1
            y = gaussian_blur(y.permute(2, 0, 1), [side, side], [sigma, sigma]).permute(1, 2, 0)
        fixture.case(f"blur {name}", {}, {"y": y.reshape(-1, 3)[::3]}, kind="blur", size=[height, width], step=3, seed=8,
                     padded=[padded_height, padded_width], sigma=sigma)
    fixture.save()
