"""RoIAlign cases from torchvision: one level (float64), several levels (MultiScaleRoIAlign, which maps in float32)."""
from collections import OrderedDict

import numpy as np
import torch
from torchvision.ops import MultiScaleRoIAlign, roi_align

from fixture import Fixture, formula, gradients

# pixels of an image of 96 x 128, read on a map of stride 4
ORDINARY = [[4, 6, 60, 50], [10.3, 20.7, 100.1, 90.9], [0, 0, 128, 96], [50.5, 40.25, 58.75, 47.5], [1, 2, 127, 9]]
OUTSIDE = [[-60, -40, -20, -12], [140, 100, 190, 150], [-30, -30, 40, 40], [100, 70, 180, 130], [-200, -150, 300, 260],
           [126, 90, 131, 99]]
DEGENERATE = [[20, 20, 20, 20], [33.3, 10, 33.3, 50], [64, 48, 40, 30], [60, 50, 70, 20], [0, 0, 0, 0],
              [30, 30, 30.5, 30.25]]


def one_level(fixture, name, boxes, size, channels, output_size, ratio, aligned, scale, seed):
    height, width = size
    features = torch.from_numpy(formula((1, channels, height, width), seed)).double().requires_grad_()
    rois = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    batched = torch.cat([torch.zeros(len(rois), 1), rois], 1).double()
    expected = roi_align(features, batched, output_size, scale, ratio, aligned)
    fixture.case(name, {"boxes": rois}, {"y": expected, **gradients(expected, {"map0": features})}, outputSize=list(output_size), samplingRatio=ratio,
                 aligned=aligned, scales=[scale], canonicalSize=224, canonicalLevel=4,
                 maps=[[1, channels, height, width]], seeds=[seed])


def level_boundary(levels_of, low, high):
    """The two neighbouring float32 heights of a box between which its level changes."""
    low, high = np.float32(low), np.float32(high)
    below = levels_of(low)
    while np.nextafter(low, high) < high:
        middle = np.float32((np.float64(low) + np.float64(high)) / 2)
        if middle in (low, high):
            break
        low, high = (middle, high) if levels_of(middle) == below else (low, middle)
    return float(low), float(high)


def several_levels(fixture, name, sides, channels, output_size, ratio, scales, extra=(), canonical=(224, 4), seed=40):
    height, width = 512, 640
    maps = OrderedDict()
    shapes, seeds = [], []
    for i, scale in enumerate(scales):
        shape = (1, channels, max(1, round(height * scale)), max(1, round(width * scale)))
        shapes.append(list(shape))
        seeds.append(seed + i)
        maps[str(i)] = torch.from_numpy(formula(shape, seed + i)).requires_grad_()
    boxes = [[8.5, 12.25, 8.5 + side, 12.25 + side] for side in sides] + [list(box) for box in extra]
    pool = MultiScaleRoIAlign(list(maps), output_size, ratio, canonical_scale=canonical[0], canonical_level=canonical[1])
    rois = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    expected = pool(maps, [rois], [(height, width)])
    assert pool.scales == list(scales), pool.scales
    levels = pool.map_levels([rois]) if len(scales) > 1 else torch.zeros(len(rois))
    cotangent = torch.from_numpy(formula(list(expected.shape), 9))
    leaves = {f"map{i}": maps[i] for i in maps}
    # the maps themselves have a megabyte: what is not zero of their gradients is enough
    d_maps = {}
    for role, gradient in gradients(expected, leaves, cotangent).items():
        flat = gradient.flatten()
        places = flat.nonzero().flatten()
        d_maps |= {f"{role}_places": places.to(torch.int32), f"{role}_values": flat[places]}
    fixture.case(name, {"boxes": rois}, {"y": expected, "levels": levels.to(torch.int32), **d_maps}, outputSize=list(output_size),
                 samplingRatio=ratio, aligned=False, scales=list(scales), canonicalSize=canonical[0],
                 canonicalLevel=canonical[1], maps=shapes, seeds=seeds)
    return pool


def generate():
    fixture = Fixture("roi_align")
    boxes = ORDINARY + OUTSIDE + DEGENERATE
    seed = 1
    for aligned in (False, True):
        for ratio in (2, 1, 3, 0, -1):
            # torchvision itself fails on a negative number of samples
            fit = [box for box in boxes if not aligned or ratio > 0 or (box[2] >= box[0] and box[3] >= box[1])]
            one_level(fixture, f"ratio {ratio} aligned {aligned}", fit, (24, 32), 5, (7, 7), ratio, aligned, 0.25, seed)
            seed += 1
        one_level(fixture, f"mask head aligned {aligned}", ORDINARY, (24, 32), 3, (14, 14), 2, aligned, 0.25, seed)
        one_level(fixture, f"tiny map aligned {aligned}", boxes, (1, 1), 4, (2, 3), 2, aligned, 1 / 64, seed + 1)
        one_level(fixture, f"adaptive on a tiny map aligned {aligned}", ORDINARY, (1, 2), 1, (3, 2), 0, aligned, 1 / 64, seed + 2)
        one_level(fixture, f"whole multiples aligned {aligned}", [[0, 0, 28, 28], [4, 8, 88, 64], [0, 0, 56, 84]], (24, 32),
                  2, (7, 7), 0, aligned, 0.25, seed + 3)
        seed += 4
    one_level(fixture, "many channels", [[3, 5, 100, 80], [60, 50, 66, 58]], (24, 32), 70, (3, 3), 2, False, 0.25, 30)
    one_level(fixture, "no boxes", [], (4, 4), 8, (7, 7), 2, False, 0.25, 31)
    four = (1 / 4, 1 / 8, 1 / 16, 1 / 32)
    sides = [1, 30, 56, 111.9375, 112, 112.0625, 223.9375, 224, 224.0625, 300, 447.9375, 448, 448.0625, 500, 0]
    several_levels(fixture, "pyramid", sides, 5, (2, 2), 2, four,
                   extra=[[600, 400, 700, 600], [90, 90, 30, 120], [90, 90, 30, 40], [-50, -60, 300, 500]])
    mapper = several_levels(fixture, "pyramid of 7 x 7", [20, 130, 260, 480], 3, (7, 7), 2, four).map_levels
    edges = []
    for side, width in ((112, 128), (224, 256), (448, 512)):
        # a power of two, so that neighbouring heights give neighbouring areas
        height = side * side / width
        heights = level_boundary(lambda h: int(mapper([torch.tensor([[0, 0, width, h]])])[0]), height * 0.9, height * 1.1)
        edges += [[0, 0, width, h] for h in heights]
    several_levels(fixture, "level boundaries in f32", [], 3, (2, 2), 2, four, extra=edges)
    several_levels(fixture, "five levels", [10, 60, 130, 300, 470, 511], 4, (2, 2), 0, four + (1 / 64,))
    several_levels(fixture, "two levels", [30, 60, 200], 4, (2, 2), 2, (1 / 8, 1 / 16), canonical=(64, 4))
    fixture.save()
