"""ResNet classifiers: float64 torchvision models with the benchmark's weights. Images: formula() of seed 1, NCHW."""
import sys
from pathlib import Path

import torch
import torchvision

from fixture import Fixture, formula

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "bench"))
from formula_weights import fill, formula_image, formula_weight  # noqa: E402

# name: model, images [N, 3, H, W], classes
CASES = {
    "bottlenecks": ("resnet50", [1, 3, 96, 64], 1000),
    "bottlenecks, odd sizes, two images": ("resnet50", [2, 3, 61, 45], 37),
    "basic blocks": ("resnet18", [1, 3, 64, 97], 10),
    "less than a stride": ("resnet18", [1, 3, 5, 7], 3),
}


def generate():
    fixture = Fixture("resnet_classifier")
    for name, (model_name, shape, classes) in CASES.items():
        model = fill(getattr(torchvision.models, model_name)(weights=None, num_classes=classes)).double()
        with torch.no_grad():
            logits = model(torch.from_numpy(formula(shape, 1)).double())
        fixture.case(name, {}, {"logits": logits}, model=model_name, image=shape, classes=classes)
    # the formulas themselves, bit for bit
    weight = "backbone.body.layer1.0.conv2.weight"
    fixture.case("formulas", {}, {"weight": formula_weight(weight, [5, 3, 3, 3]), "image": formula_image(21, 18, 3).astype("int32")},
                 weight=weight, shape=[5, 3, 3, 3])
    fixture.save()
