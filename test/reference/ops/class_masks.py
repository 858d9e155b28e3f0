"""The probabilities of each detection's own class: torchvision's mask predictor's last layer and maskrcnn_inference."""
import numpy as np
import torch
from torchvision.models.detection.roi_heads import maskrcnn_inference

from fixture import Fixture, formula


def case(fixture, name, shape, labels, seed, classes, gain=1.0):
    weight_shape = (classes, shape[1], 1, 1)
    x, weight, bias = (torch.from_numpy(formula(each, seed + i)).double() * factor
                       for i, (each, factor) in enumerate(((shape, 1.0), (weight_shape, gain), ((classes,), gain))))
    logits = torch.nn.functional.conv2d(x, weight, bias)
    expected = maskrcnn_inference(logits, [torch.tensor(labels, dtype=torch.int64)])[0]
    fixture.case(name, {"labels": np.array(labels, dtype=np.int32)}, {"masks": expected}, shape=list(shape), seed=seed,
                 classes=classes, gain=gain)


def generate():
    fixture = Fixture("class_masks")
    case(fixture, "as in Mask R-CNN", (3, 256, 28, 28), [90, 1, 17], 1, 91, gain=0.25)
    case(fixture, "odd sizes", (5, 37, 5, 9), [6, 0, 3, 1, 5], 4, 7)
    case(fixture, "one class, one channel, one pixel", (2, 1, 1, 1), [0, 0], 7, 1)
    case(fixture, "fewer channels than lanes", (2, 12, 14, 14), [1, 2], 10, 3)
    case(fixture, "large logits", (2, 20, 4, 4), [90, 17], 13, 91, gain=60.0)
    case(fixture, "no detections", (0, 16, 28, 28), [], 16, 4)
    fixture.save()
