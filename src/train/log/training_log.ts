import { basename, join, resolve } from 'node:path';
import { errorText, writeError } from '../../data/file_error';
import { makeFolder } from '../../data/make_folder';
import { AppendFile } from './append_file';
import { CurvesFile } from './curves_file';
import { stepLine, validationLine, type RunLength } from './lines';
import { keepMetricsUntil } from './metrics_file';
import { metricsLine } from './metrics_line';
import type { LogRecord, StepRecord, ValidationRecord } from './records';
import { TensorBoardFile } from './tensorboard_file';

export interface TrainingLogOptions extends RunLength {
  /** The section `log` of the configuration. */
  readonly log: {
    /** Steps whose number is a multiple of it are recorded, and the run's first and last. */
    readonly every: number;
    readonly tensorboard: boolean;
    readonly curves: boolean;
    /** curves.html is written no more often than that. */
    readonly curvesSeconds: number;
  };
  /** How many steps are done where a run resumes: what is recorded of later ones is dropped. Null for a new run. */
  readonly resumeAt: number | null;
  /** The figure that the best checkpoint goes by: validate.metric. */
  readonly metric: string;
}

/**
 * What a run leaves to be read, in its folder: metrics.jsonl, train.log (plain lines), TensorBoard's event files, and
 * curves.html. A kill loses nothing but the last moments of curves.html.
 */
export class TrainingLog {
  private constructor(
    private readonly options: TrainingLogOptions,
    private readonly text: AppendFile,
    private readonly metrics: AppendFile,
    private readonly tensorboard: TensorBoardFile | null,
    private readonly curves: CurvesFile | null,
  ) {}

  /** @throws InputError where the folder cannot be written to */
  static async open(folder: string, options: TrainingLogOptions): Promise<TrainingLog> {
    const { log, resumeAt, totalSteps, metric } = options;
    await makeFolder(folder).catch((error: unknown) => {
      throw writeError(error, folder);
    });
    const text = AppendFile.open(join(folder, 'train.log'), resumeAt !== null);
    const curves = log.curves
      ? new CurvesFile(
          join(folder, 'curves.html'),
          { title: basename(resolve(folder)), totalSteps, metric },
          log.curvesSeconds,
          (error) => {
            addLine(text, `curves.html could not be written: ${errorText(error)}`);
          },
        )
      : null;
    const metricsPath = join(folder, 'metrics.jsonl');
    if (resumeAt !== null) {
      const unreadable = await keepMetricsUntil(metricsPath, resumeAt, (record) => curves?.add(record));
      if (unreadable > 0) {
        addLine(
          text,
          unreadable === 1
            ? 'metrics.jsonl: 1 line was cut short or damaged, and is dropped'
            : `metrics.jsonl: ${unreadable} lines were cut short or damaged, and are dropped`,
        );
      }
      addLine(text, `resumed after step ${resumeAt}`);
    }
    const metrics = AppendFile.open(metricsPath, resumeAt !== null);
    const tensorboard = log.tensorboard ? await TensorBoardFile.create(folder, resumeAt) : null;
    return new TrainingLog(options, text, metrics, tensorboard, curves);
  }

  /** Records a step, or passes over it as `log.every` has it. */
  step(record: StepRecord): void {
    const { step } = record;
    const { log, totalSteps } = this.options;
    if (step % log.every !== 0 && step !== 1 && step !== totalSteps) {
      return;
    }
    this.record({ kind: 'step', ...record });
    this.note(stepLine(record, this.options, ''));
  }

  validation(record: ValidationRecord): void {
    this.record({ kind: 'validation', ...record });
    this.note(validationLine(record));
  }

  /** A line in train.log, with the time. */
  note(text: string): void {
    addLine(this.text, text);
  }

  /** Writes the last curves.html and closes all files. */
  async close(): Promise<void> {
    await this.curves?.close();
    this.text.close();
    this.metrics.close();
    this.tensorboard?.close();
  }

  private record(record: LogRecord): void {
    this.metrics.append(`${metricsLine(record)}\n`);
    this.tensorboard?.record(record);
    this.curves?.add(record);
    this.curves?.writeIfDue();
  }
}

/** Appends a line with the time before it: UTC, to the second. */
function addLine(file: AppendFile, text: string): void {
  file.append(`${new Date().toISOString().replace(/\.\d+/, '')}  ${text}\n`);
}
