"""The models of `engine bench model` by torchvision, with the weights that ours have."""
import json
import struct
import sys
from pathlib import Path

import numpy as np
import torch
import torchvision

BENCH = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(BENCH), str(BENCH.parent / "test" / "reference")]
from formula_weights import fill  # noqa: E402
from models import training  # noqa: E402

DTYPES = {"F32": np.float32, "I64": np.int64, "U8": np.uint8}


def mask_rcnn(min_size, max_size):
    return torchvision.models.detection.maskrcnn_resnet50_fpn(
        weights=None, weights_backbone=None, num_classes=91, min_size=min_size, max_size=max_size)


class Convolution(torch.nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = torch.nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, image):
        return self.conv(image)


MODELS = {
    "conv3x3": lambda: Convolution(256),
    "resnet50": lambda: torchvision.models.resnet50(weights=None),
    "mask_rcnn": lambda: mask_rcnn(320, 320),
    "mask_rcnn_800": lambda: mask_rcnn(800, 1333),
    "slim": training.slim_form,
    "train_slim": training.slim_form,
    "train_r50": training.r50_form,
}


def build(name, weights=None):
    """A model in f32 on the CPU. `weights`: a safetensors file; None for weights by formula."""
    model = MODELS[name]()
    with torch.no_grad():
        if weights is None:
            fill(model)
        else:
            model.load_state_dict(read_safetensors(weights))
    return model.float().eval()


def read_safetensors(path):
    """name -> tensor."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        values = np.frombuffer(bytearray(data[begin:end]), DTYPES[entry["dtype"]])
        tensors[name] = torch.from_numpy(values.reshape(entry["shape"]))
    return tensors
