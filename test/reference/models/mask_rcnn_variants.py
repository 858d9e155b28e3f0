"""Makes mask_rcnn_variants.json: Mask R-CNNs of several forms, made of torchvision's modules, with weights by formula, on
small images by formula. Needs Debian's python3-torch and python3-torchvision.
"""
import functools
import json
from pathlib import Path

import torch
import torchvision
from torch import nn
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.models.detection.rpn import RPNHead
from torchvision.ops import FeaturePyramidNetwork, MultiScaleRoIAlign
from torchvision.ops.feature_pyramid_network import ExtraFPNBlock

from models.formula_weights import as_input, centre, detections, fill, pattern

BASE = {
    "classes": 4,
    "backbone": {"name": "resnet18", "stages": [1, 2, 3, 4], "normEps": 1e-5},
    "fpn": {"channels": 24, "extraLevels": 1},
    "anchors": {"sizes": [[8], [16], [24], [32], [48]], "aspectRatios": [[0.5, 1, 2]] * 5},
    "rpn": {"convs": 1, "preNmsTopN": 100, "postNmsTopN": 60, "nmsThreshold": 0.7, "minSize": 1e-3},
    "box": {"poolSize": 7, "samplingRatio": 2, "hidden": [48, 48], "coderWeights": [10, 10, 5, 5],
            "scoreThreshold": 0.05, "nmsThreshold": 0.5, "minSize": 1e-2, "detectionsPerImage": 40},
    "mask": {"poolSize": 14, "samplingRatio": 2, "channels": [24, 24], "upsampleChannels": 24, "threshold": 0.5},
    "image": {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "minSize": 64, "maxSize": 96,
              "sizeDivisor": 32},
}
VARIANTS = {
    "resnet18, FPN from the second stage on, two RPN convs": {
        "backbone": {"stages": [2, 3, 4]},
        "fpn": {"channels": 30, "extraLevels": 0},
        "anchors": {"sizes": [[8, 12], [20, 28], [40, 56]], "aspectRatios": [[0.5, 1, 2]] * 3},
        "rpn": {"convs": 2},
        "box": {"hidden": [37, 21]},
        "mask": {"channels": [18, 27, 13], "upsampleChannels": 11},
    },
    "resnet34, two extra levels, adaptive sampling": {
        "classes": 2,
        "backbone": {"name": "resnet34", "normEps": 0},
        "fpn": {"extraLevels": 2},
        "anchors": {"sizes": [[8], [16], [24], [32], [48], [64]], "aspectRatios": [[1, 1.7]] * 6},
        "box": {"samplingRatio": 0, "poolSize": 5, "hidden": [50]},
        "mask": {"samplingRatio": 1, "poolSize": 7, "channels": [10]},
    },
    "resnet101, three stages, other thresholds and coder weights": {
        "backbone": {"name": "resnet101", "stages": [1, 2, 3]},
        "anchors": {"sizes": [[6, 10], [14, 20], [28, 40], [50, 70]],
                    "aspectRatios": [[0.4, 1, 2.5], [0.5, 1, 2], [0.3, 1, 3], [0.7, 1, 1.4]]},
        "rpn": {"preNmsTopN": 57, "postNmsTopN": 131, "nmsThreshold": 0.55, "minSize": 4},
        "box": {"coderWeights": [6, 7, 3, 4], "scoreThreshold": 0.02, "nmsThreshold": 0.3, "detectionsPerImage": 17,
                "hidden": [33, 44, 55]},
        "mask": {"threshold": 0.4},
    },
    "one stage, no padding, another normalisation": {
        "classes": 7,
        "backbone": {"stages": [3]},
        "fpn": {"extraLevels": 0, "channels": 9},
        "anchors": {"sizes": [[12, 24, 48]], "aspectRatios": [[1]]},
        "image": {"sizeDivisor": 1, "minSize": 67, "maxSize": 131, "mean": [0.1, 0.2, 0.3], "std": [0.5, 0.6, 0.7]},
    },
    "odd maps, no padding": {
        "image": {"sizeDivisor": 1, "minSize": 75, "maxSize": 121},
    },
}
SCALES = {
    ".bn3.weight": 0.25,
    "rpn.head.cls_logits.weight": 0.3,
    "rpn.head.bbox_pred.weight": 0.05,
    "roi_heads.box_predictor.cls_score.weight": 0.6,
    "roi_heads.box_predictor.bbox_pred.weight": 0.3,
}
BACKGROUND = 1
IMAGES = [{"height": 80, "width": 100, "seed": 3}, {"height": 131, "width": 50, "seed": 4},
          {"height": 40, "width": 140, "seed": 5}, {"height": 1, "width": 1, "seed": 6},
          {"height": 200, "width": 30, "seed": 7}, {"height": 30, "width": 200, "seed": 8}]


def merged(base, changes):
    return {key: merged(value, changes.get(key, {})) if isinstance(value, dict) else changes.get(key, value)
            for key, value in base.items()}


class ExtraLevels(ExtraFPNBlock):
    """Levels by max pooling with stride 2 of the one before: LastLevelMaxPool, `count` times."""

    def __init__(self, count):
        super().__init__()
        self.count = count

    def forward(self, results, x, names):
        for i in range(self.count):
            results.append(nn.functional.max_pool2d(results[-1], 1, 2, 0))
            names.append(f"pool{i}")
        return results, names


class Backbone(nn.Module):
    def __init__(self, config):
        super().__init__()
        stages, channels = config["backbone"]["stages"], config["fpn"]["channels"]
        norm = functools.partial(nn.BatchNorm2d, eps=config["backbone"]["normEps"])
        resnet = getattr(torchvision.models, config["backbone"]["name"])(weights=None, norm_layer=norm)
        width = resnet.inplanes // 8
        self.body = IntermediateLayerGetter(resnet, {f"layer{stage}": str(i) for i, stage in enumerate(stages)})
        self.fpn = FeaturePyramidNetwork([width * 2 ** (stage - 1) for stage in stages], channels,
                                         ExtraLevels(config["fpn"]["extraLevels"]))
        self.out_channels = channels

    def forward(self, x):
        return self.fpn(self.body(x))


class BoxHead(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        for i, width in enumerate(hidden):
            setattr(self, f"fc{i + 6}", nn.Linear(inputs, width))
            inputs = width

    def forward(self, x):
        x = x.flatten(start_dim=1)
        for layer in self.children():
            x = torch.relu(layer(x))
        return x


def build(config):
    channels, box, mask, rpn, image = (config["fpn"]["channels"], config["box"], config["mask"], config["rpn"],
                                       config["image"])
    levels = [str(i) for i in range(len(config["backbone"]["stages"]))]
    anchors = AnchorGenerator(tuple(map(tuple, config["anchors"]["sizes"])),
                              tuple(map(tuple, config["anchors"]["aspectRatios"])))
    model = MaskRCNN(
        Backbone(config), num_classes=None,
        min_size=image["minSize"], max_size=image["maxSize"], image_mean=image["mean"], image_std=image["std"],
        rpn_anchor_generator=anchors,
        rpn_head=RPNHead(channels, anchors.num_anchors_per_location()[0], conv_depth=rpn["convs"]),
        rpn_pre_nms_top_n_test=rpn["preNmsTopN"], rpn_post_nms_top_n_test=rpn["postNmsTopN"],
        rpn_nms_thresh=rpn["nmsThreshold"],
        box_roi_pool=MultiScaleRoIAlign(levels, box["poolSize"], box["samplingRatio"]),
        box_head=BoxHead(channels * box["poolSize"] ** 2, box["hidden"]),
        box_predictor=FastRCNNPredictor(box["hidden"][-1], config["classes"]),
        box_score_thresh=box["scoreThreshold"], box_nms_thresh=box["nmsThreshold"],
        box_detections_per_img=box["detectionsPerImage"], bbox_reg_weights=tuple(box["coderWeights"]),
        mask_roi_pool=MultiScaleRoIAlign(levels, mask["poolSize"], mask["samplingRatio"]),
        mask_head=MaskRCNNHeads(channels, mask["channels"], 1),
        mask_predictor=MaskRCNNPredictor(mask["channels"][-1], mask["upsampleChannels"], config["classes"]),
    ).eval()
    model.transform.size_divisible = image["sizeDivisor"]
    model.rpn.min_size = rpn["minSize"]
    return model


@torch.no_grad()
def generate():
    variants = []
    for name, changes in VARIANTS.items():
        config = merged(BASE, changes)
        model = build(config)
        scales = SCALES if "101" in name else {".bn2.weight": 0.25, **SCALES}
        fill(model, scales)
        # also sets the scales of the RoIAligns, which torchvision takes from the first image that a model sees: from
        # much wider images it takes wrong ones
        biases = centre(model, as_input(pattern(**IMAGES[0])), BACKGROUND)
        cases = []
        for image in IMAGES:
            output = model([as_input(pattern(**image))])[0]
            cases.append({"image": image, "detections": detections(output, config["mask"]["threshold"])})
        variants.append({"name": name, "config": config, "scales": scales, "biases": biases, "cases": cases})
        counts = [[len(case["detections"]), sum(d["score"] >= 0.1 for d in case["detections"])] for case in cases]
        labels = sorted({d["label"] for case in cases for d in case["detections"]})
        print(name, counts, labels, [round(d["score"], 2) for d in cases[0]["detections"]][::5],
              model.roi_heads.box_roi_pool.scales)
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(variants))
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")
