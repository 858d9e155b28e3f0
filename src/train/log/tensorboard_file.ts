import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppendFile } from './append_file';
import type { LogRecord } from './records';
import { eventRecord, type EventContent } from './tensorboard_event';

const NAME = /^events\.out\.tfevents\.(\d{10})\./;

/** An event file of a run. Each session has its own; TensorBoard reads those of a folder in the order of their names. */
export class TensorBoardFile {
  private constructor(private readonly file: AppendFile) {}

  /** @param resumeAt what earlier sessions have after this step no longer counts; null for a new run */
  static create(folder: string, resumeAt: number | null): TensorBoardFile {
    const times = readdirSync(folder).map((name) => Number(NAME.exec(name)?.[1] ?? 0));
    const time = Math.max(Math.floor(Date.now() / 1000), ...times.map((one) => one + 1));
    const path = join(folder, `events.out.tfevents.${String(time).padStart(10, '0')}.engine`);
    const created = new TensorBoardFile(AppendFile.open(path, false));
    created.append(0, { kind: 'fileVersion' });
    if (resumeAt !== null) {
      created.append(resumeAt + 1, { kind: 'sessionStart' });
    }
    return created;
  }

  record(record: LogRecord): void {
    this.append(record.step, { kind: 'scalars', scalars: scalarsOf(record) });
  }

  close(): void {
    this.file.close();
  }

  private append(step: number, content: EventContent): void {
    this.file.append(eventRecord({ wallTime: Date.now() / 1000, step, content }));
  }
}

/** What is before a tag's slash becomes a section of TensorBoard's page. */
function scalarsOf(record: LogRecord): Record<string, number> {
  if (record.kind === 'validation') {
    return Object.fromEntries(Object.entries(record.figures).map(([name, value]) => [`validation/${name}`, value]));
  }
  const { losses, learningRate, gradientNorm, imagesPerSecond, secondsWaiting, peakBytes, epoch } = record;
  return {
    ...Object.fromEntries(
      Object.entries(losses).map(([name, value]) => [`loss/${name === 'loss' ? 'total' : name}`, value]),
    ),
    'train/learning_rate': learningRate,
    'train/epoch': epoch,
    ...(gradientNorm === undefined ? {} : { 'train/gradient_norm': gradientNorm }),
    'speed/images_per_second': imagesPerSecond,
    'speed/seconds_waiting': secondsWaiting,
    ...(peakBytes === undefined ? {} : { 'speed/peak_bytes': peakBytes }),
  };
}
