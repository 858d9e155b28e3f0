"""A peer in a process of its own: torchvision on one model, eager, f32.

Requests and answers are lines of JSON. The first request is {"model", "weights", "inputs", "device"}: a name of
torchvision_models.py, a safetensors file or null, the safetensors file of the inputs, cpu or cuda. Each further line is
one run: an image from the tensor in the computer's memory to the results there, or a step of training from images, boxes
and masks in the computer's memory to the new weights (transfer, resizing, losses, gradients, clipping at 10, SGD). The
answer is {"value": {"milliseconds", "result"}}, or {"error"}.
"""
import json
import os
import sys
import time

os.environ["PYTORCH_JIT"] = "0"

import torch  # noqa: E402
import torchvision  # noqa: E402
from torchvision.models.detection import _utils  # noqa: E402

from torchvision_models import build, read_safetensors, training  # noqa: E402

RATE = 0.0001


def synchronize(device):
    if device == "cuda":
        torch.cuda.synchronize()


def inference(model, inputs, device):
    model.to(device)
    image = inputs["image"]

    @torch.inference_mode()
    def run():
        on_device = image.to(device)
        if image.dim() == 4:
            outputs = {"y" if hasattr(model, "conv") else "logits": model(on_device)}
        else:
            outputs = model([on_device])[0]
        return {name: value.cpu() for name, value in outputs.items()}

    def result(outputs):
        return {name: value.flatten().tolist() for name, value in outputs.items() if name != "masks"}

    return run, result


def train(model, inputs, device):
    # as ours does here, so that the losses can be compared
    _utils.BalancedPositiveNegativeSampler.__call__ = training.first_candidates
    model.train().to(device)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.startswith("backbone.body.conv1"))
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(trained, RATE, 0.9, weight_decay=1e-4)
    count = sum(name.startswith("image") for name in inputs)
    images = [inputs[f"image{i}"] for i in range(count)]
    targets = [{name: inputs[f"{name}{i}"] for name in ("boxes", "labels", "masks")} for i in range(count)]

    def run():
        losses = model([image.to(device) for image in images],
                       [{key: value.to(device) for key, value in target.items()} for target in targets])
        optimizer.zero_grad()
        sum(losses.values()).backward()
        torch.nn.utils.clip_grad_norm_(trained, 10)
        optimizer.step()
        return {name: float(loss) for name, loss in losses.items()}

    def result(losses):
        return {name: [loss] for name, loss in losses.items()}

    return run, result


def load(request):
    name, device = request["model"], request["device"]
    torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    model = build(name, request["weights"])
    prepare = train if name.startswith("train_") else inference
    run, result = prepare(model, read_safetensors(request["inputs"]), device)
    title = torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    return {"version": f"{torchvision.__version__} on PyTorch {torch.__version__}", "device": title}, run, result, device


def timed(run, result, device):
    synchronize(device)
    start = time.perf_counter()
    outputs = run()
    synchronize(device)
    milliseconds = (time.perf_counter() - start) * 1000
    return {"milliseconds": milliseconds, "result": result(outputs)}


def main():
    loaded = None
    for line in sys.stdin:
        try:
            if loaded is None:
                value, *loaded = load(json.loads(line))
            else:
                value = timed(*loaded)
            answer = json.dumps({"value": value}, allow_nan=False)
        except Exception as error:  # told to the other side, whatever it is
            answer = json.dumps({"error": f"{type(error).__name__}: {error}".split("\n")[0]})
        print(answer, flush=True)


if __name__ == "__main__":
    main()
