"""The probabilities of each detection's own class, as torchvision's maskrcnn_inference takes them."""
import numpy as np
import torch
from torchvision.models.detection.roi_heads import maskrcnn_inference

from fixture import Fixture, formula


def case(fixture, name, shape, labels, seed, gain=6.0):
    logits = torch.from_numpy(formula(shape, seed)).double() * gain
    expected = maskrcnn_inference(logits, [torch.tensor(labels, dtype=torch.int64)])[0]
    fixture.case(name, {"labels": np.array(labels, dtype=np.int32)}, {"masks": expected}, shape=list(shape), seed=seed,
                 gain=gain)


def generate():
    fixture = Fixture("masks")
    case(fixture, "two classes", (3, 2, 28, 28), [1, 1, 0], 1)
    case(fixture, "odd sizes", (5, 7, 5, 9), [6, 0, 3, 1, 5], 2)
    case(fixture, "one class of one pixel", (2, 1, 1, 1), [0, 0], 3)
    case(fixture, "large logits", (2, 91, 4, 4), [90, 17], 4, gain=120.0)
    case(fixture, "no detections", (0, 4, 28, 28), [], 5)
    fixture.save()
