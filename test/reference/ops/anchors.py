"""Anchors of torchvision's AnchorGenerator."""
import torch
from torchvision.models.detection.anchor_utils import AnchorGenerator

from fixture import Fixture


def generate():
    fixture = Fixture("anchors")
    for name, height, width, stride, sizes, ratios in [
        ("mask r-cnn", 5, 7, (4, 4), (32,), (0.5, 1.0, 2.0)),
        ("several sizes", 3, 2, (16, 8), (10, 17, 33), (0.5, 1.0, 2.0)),
        ("half to even", 2, 2, (4, 4), (5, 7, 9, 11, 13), (1.0,)),
        ("odd ratios", 1, 9, (64, 32), (13, 21.5), (0.3, 0.7, 3.1)),
        ("larger map", 50, 41, (8, 8), (64,), (0.5, 1.0, 2.0)),
        ("empty", 0, 5, (8, 8), (64,), (0.5, 1.0, 2.0)),
    ]:
        generator = AnchorGenerator((sizes,), (ratios,))
        cells = generator.generate_anchors(sizes, ratios)
        generator.cell_anchors = [cells]
        strides = [[torch.tensor(s, dtype=torch.int64) for s in stride]]
        anchors = generator.grid_anchors([[height, width]], strides)[0]
        fixture.case(name, {}, {"cells": cells, "anchors": anchors},
                     height=height, width=width, stride=stride, sizes=sizes, ratios=ratios)
    fixture.save()
