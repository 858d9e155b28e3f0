#!/usr/bin/env python3
"""Writes fixtures/tensorboard_events.json: events, and the bytes that TensorBoard's own writer makes of them.

Needs the package tensorboard (2.21.0) and nothing of TensorFlow. With names of files or folders it reads these by TensorBoard's own
reader instead and prints the scalars that are left after its purges: tensorboard_events.py RUN …
"""
import base64
import io
import json
import sys
from pathlib import Path

from tensorboard.compat.proto import event_pb2, summary_pb2

EVENTS = [
    {"wallTime": 1700000000.25, "step": 0, "content": {"kind": "fileVersion"}},
    {"wallTime": 1700000001.5, "step": 1, "content": {"kind": "scalars", "scalars": {"loss/total": 1.5, "learning_rate": 1e-4}}},
    {"wallTime": 1700000002.0, "step": 127, "content": {"kind": "scalars", "scalars": {"loss/total": 0.0}}},
    {"wallTime": 1700000002.5, "step": 128, "content": {"kind": "scalars", "scalars": {"größe": -3.25}}},
    {"wallTime": 1700000003.0, "step": 300, "content": {"kind": "sessionStart"}},
    {"wallTime": 1700000004.0, "step": 2**33 + 5, "content": {"kind": "scalars", "scalars": {f"value/{i}": i / 8 for i in range(40)}}},
]


def message(event):
    made = event_pb2.Event(wall_time=event["wallTime"], step=event["step"])
    content = event["content"]
    if content["kind"] == "fileVersion":
        made.file_version = "brain.Event:2"
    elif content["kind"] == "sessionStart":
        made.session_log.status = event_pb2.SessionLog.START
    else:
        values = [summary_pb2.Summary.Value(tag=tag, simple_value=value) for tag, value in content["scalars"].items()]
        made.summary.CopyFrom(summary_pb2.Summary(value=values))
    return made.SerializeToString(deterministic=True)


def generate():
    from tensorboard.summary.writer.record_writer import RecordWriter

    file = io.BytesIO()
    writer = RecordWriter(file)
    for event in EVENTS:
        writer.write(message(event))
    content = {"events": EVENTS, "bytes": base64.b64encode(file.getvalue()).decode()}
    target = Path(__file__).parent.parent / "fixtures" / "tensorboard_events.json"
    target.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def show(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(run, size_guidance={"scalars": 0})
    accumulator.Reload()
    for tag in accumulator.Tags()["scalars"]:
        print(tag, [(one.step, one.value) for one in accumulator.Scalars(tag)])


if __name__ == "__main__":
    if len(sys.argv) == 1:
        generate()
    for name in sys.argv[1:]:
        show(name)
