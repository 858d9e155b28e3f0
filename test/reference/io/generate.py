"""Makes the tiny PyTorch checkpoints of test/io and the lists of torchvision's parameter names and shapes.

    python3 test/reference/io/generate.py

Needs torch and torchvision (made with 1.13 and 0.14). Storage keys of the older stream form are memory addresses, so
those files differ from run to run in these bytes. `expected.json` holds, per file, every tensor's shape and values as
PyTorch has them (floats rounded to float32, bit-exact through hex).
"""
import json
import os
import struct
from collections import OrderedDict

import torch
import torchvision
from torchvision.models.detection import MaskRCNN, fasterrcnn_resnet50_fpn, keypointrcnn_resnet50_fpn
from torchvision.models.detection import maskrcnn_resnet50_fpn, maskrcnn_resnet50_fpn_v2, retinanet_resnet50_fpn
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = os.path.join(HERE, "files")
expected = {}


def record(tensor):
    if tensor.is_floating_point():
        values = [struct.pack(">f", v).hex() for v in tensor.detach().float().flatten().tolist()]
    else:
        values = [str(int(v)) for v in tensor.flatten().tolist()]
    return {"shape": list(tensor.shape), "float": tensor.is_floating_point(), "values": values}


def save(name, obj, tensors, legacy=False, **kwargs):
    torch.save(obj, os.path.join(FILES, name), _use_new_zipfile_serialization=not legacy, **kwargs)
    expected[name] = {key: record(value) for key, value in tensors.items()}


def net():
    torch.manual_seed(7)
    model = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3), torch.nn.Flatten(), torch.nn.Linear(3, 2))
    model(torch.randn(4, 2, 3, 3))
    return model


def kinds():
    torch.manual_seed(8)
    extreme = [0.0, -0.0, 1.0, -2.5, 65504.0, 6.1e-5, 5.960464477539063e-08, -3.0e-6, 0.333251953125]
    return OrderedDict(
        half=torch.tensor(extreme).half(),
        bfloat16=torch.randn(3, 2).bfloat16(),
        double=torch.randn(2, 2, dtype=torch.float64),
        long=torch.tensor([1, -2, 2**62]),
        int=torch.tensor([[7, -8]], dtype=torch.int32),
        short=torch.tensor([-300, 300], dtype=torch.int16),
        char=torch.tensor([-128, 127], dtype=torch.int8),
        byte=torch.tensor([0, 255], dtype=torch.uint8),
        bool=torch.tensor([True, False, True]),
        scalar=torch.tensor(3.5),
        empty=torch.zeros(0, 4),
    )


def strided():
    base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    return OrderedDict(
        transposed=base.permute(2, 0, 1),
        columns=base[:, :, 1::2],
        offset=base[1],
        expanded=base[0, 0, :1].expand(3, 2),
        channels_last=torch.randn(1, 3, 2, 2).contiguous(memory_format=torch.channels_last),
        shared=base,
    )


class Evil:
    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


def checkpoints():
    model = net()
    state = model.state_dict()
    for legacy in (False, True):
        form = "legacy" if legacy else "zip"
        save(f"net.{form}.pth", state, state, legacy)
        save(f"kinds.{form}.pth", kinds(), kinds(), legacy)
        torch.manual_seed(9)
        tensors = strided()
        save(f"strided.{form}.pth", tensors, tensors, legacy)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        model(torch.randn(4, 2, 3, 3)).sum().backward()
        optimizer.step()
        state = OrderedDict((k, v.clone()) for k, v in model.state_dict().items())
        schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [8, 11])
        extras = {
            "optimizer": optimizer.state_dict(),
            "lr_scheduler": schedule.state_dict(),
            "epoch": 3,
            "best": 0.5,
            "seed": 2**80,
            "classes": ["nucleus", "ünïcode"],
            "sizes": {"image": torch.Size([3, 320, 512]), "dtype": torch.float32, "device": torch.device("cpu")},
            "seen": {1, 2},
        }
        save(f"nested.{form}.pth", {"model": state, **extras}, state, legacy)
        wrapped = OrderedDict((f"module.{k}", v) for k, v in state.items())
        save(f"wrapped.{form}.pth", {"state_dict": wrapped, "epoch": 1}, state, legacy)
        parameters = dict(model.named_parameters())
        save(f"parameters.{form}.pth", {"model_state_dict": parameters}, parameters, legacy)
        for protocol in (3, 4, 5):
            save(f"protocol{protocol}.{form}.pth", state, state, legacy, pickle_protocol=protocol)
        name = f"os_system.{form}.pth"
        torch.save({"model": state, "x": Evil(os.system, "exit 1")}, os.path.join(FILES, name), _use_new_zipfile_serialization=not legacy)
        name = f"eval.{form}.pth"
        torch.save(Evil(eval, "1 + 1"), os.path.join(FILES, name), _use_new_zipfile_serialization=not legacy)
        name = f"whole_model.{form}.pth"
        torch.save(torch.nn.Linear(2, 1), os.path.join(FILES, name), _use_new_zipfile_serialization=not legacy)
        name = f"nan.{form}.pth"
        bad = {"fine": torch.ones(3), "broken.weight": torch.tensor([[0.0, 1.0], [float("nan"), 2.0]])}
        torch.save(bad, os.path.join(FILES, name), _use_new_zipfile_serialization=not legacy)
    torch.jit.script(torch.nn.Linear(2, 1)).save(os.path.join(FILES, "torchscript.pt"))
    with open(os.path.join(HERE, "expected.json"), "w") as f:
        json.dump(expected, f, separators=(",", ":"))
        f.write("\n")


def shapes(model, body=True):
    return {k: list(v.shape) for k, v in model.state_dict().items() if body or not k.startswith("backbone.body.")}


def models():
    none = {"weights": None, "weights_backbone": None}
    result = {
        "maskrcnn_resnet50_fpn": shapes(maskrcnn_resnet50_fpn(**none)),
        "maskrcnn_resnet34_fpn_5": shapes(MaskRCNN(resnet_fpn_backbone("resnet34", weights=None), 5)),
        "maskrcnn_resnet101_fpn_3": shapes(MaskRCNN(resnet_fpn_backbone("resnet101", weights=None, returned_layers=[2, 3, 4]), 3)),
        "fasterrcnn_resnet50_fpn": shapes(fasterrcnn_resnet50_fpn(**none)),
        "maskrcnn_resnet50_fpn_v2": shapes(maskrcnn_resnet50_fpn_v2(**none), body=False),
        "keypointrcnn_resnet50_fpn": shapes(keypointrcnn_resnet50_fpn(**none), body=False),
        "retinanet_resnet50_fpn": shapes(retinanet_resnet50_fpn(**none), body=False),
        "resnet18": shapes(torchvision.models.resnet18()),
    }
    with open(os.path.join(HERE, "torchvision_shapes.json"), "w") as f:
        f.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in result.items()) + "\n}\n")


if __name__ == "__main__":
    os.makedirs(FILES, exist_ok=True)
    checkpoints()
    models()
