import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFile } from '../../data/write_file';
import { AppendFile } from './append_file';
import type { LogRecord } from './records';
import { eventRecord, eventSteps, type EventContent } from './tensorboard_event';

const NAME = /^events\.out\.tfevents\.(\d{10})\.engine$/;

/** An event file of a run. Each session has its own; TensorBoard reads those of a folder in the order of their names. */
export class TensorBoardFile {
  private constructor(private readonly file: AppendFile) {}

  /**
   * @param resumeAt what earlier sessions have after this step is dropped; null for a new run
   * @throws InputError where the folder cannot be written to
   */
  static async create(folder: string, resumeAt: number | null): Promise<TensorBoardFile> {
    const earlier = readdirSync(folder).filter((name) => NAME.test(name));
    const times = earlier.map((name) => Number(NAME.exec(name)?.[1]));
    const time = Math.max(Math.floor(Date.now() / 1000), ...times.map((one) => one + 1));
    if (resumeAt !== null) {
      for (const name of earlier) {
        await dropEventsAfter(join(folder, name), resumeAt);
      }
    }
    const path = join(folder, `events.out.tfevents.${String(time).padStart(10, '0')}.engine`);
    const created = new TensorBoardFile(AppendFile.open(path, false));
    created.append(0, { kind: 'fileVersion' });
    if (resumeAt !== null) {
      // for a TensorBoard that runs and has read the dropped ones
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

/** TensorBoard's fast loader passes over the beginning of a session, so that it takes more than that to forget events. */
async function dropEventsAfter(path: string, step: number): Promise<void> {
  const file = readFileSync(path);
  const kept: Buffer[] = [];
  let start = 0;
  for (const event of eventSteps(file)) {
    if (event.step <= step) {
      kept.push(file.subarray(start, event.end));
    }
    start = event.end;
  }
  await writeFile(path, Buffer.concat(kept));
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
