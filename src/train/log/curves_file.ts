import { writeFile } from '../../data/write_file';
import { CurveSeries } from '../../report/curve_points';
import { curvesPage } from '../../report/curves';
import type { CurvesChart } from '../../report/curves_data';
import type { LogRecord, StepRecord, ValidationRecord } from './records';

interface Curves extends Omit<CurvesChart, 'series'> {
  readonly series: Map<string, CurveSeries>;
}

function curves(title: string, label: string, isNoisy: boolean): Curves {
  return { title, label, isNoisy, series: new Map() };
}

/** Curves of a run, and the page of them. Long runs take no more memory than others. */
export class CurvesFile {
  private readonly total = curves('Sum of the losses', 'loss', true);
  private readonly losses = curves('Losses', 'loss', true);
  private readonly learningRate = curves('Learning rate', 'learning rate', false);
  private readonly gradientNorm = curves('Norm of the gradients, before clipping', 'norm', true);
  private readonly masks = curves('Masks on the validation images', 'average precision', false);
  private readonly boxes = curves('Boxes on the validation images', 'average precision', false);
  private readonly speed = curves('Speed', 'images per second', true);
  private last: StepRecord | null = null;
  private best: ValidationRecord | null = null;
  private written = -Infinity;
  private writing: Promise<void> = Promise.resolve();
  private isWriting = false;

  /**
   * @param title of the run
   * @param seconds the page is written no more often than that
   * @param onError is told what went wrong in writing: no reason to end a run
   */
  constructor(
    private readonly path: string,
    private readonly run: { readonly title: string; readonly totalSteps: number; readonly metric: string },
    private readonly seconds: number,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Takes a record in; the page follows by `writeIfDue`. */
  add(record: LogRecord): void {
    const { step } = record;
    if (record.kind === 'validation') {
      for (const [name, value] of Object.entries(record.figures)) {
        add(name.startsWith('bbox_') ? this.boxes : this.masks, name.replace(/^(?:bbox|segm)_/, ''), step, value);
      }
      this.best = record.best ? record : this.best;
      return;
    }
    for (const [name, value] of Object.entries(record.losses)) {
      add(name === 'loss' ? this.total : this.losses, name, step, value);
    }
    add(this.learningRate, 'learning rate', step, record.learningRate);
    add(this.gradientNorm, 'norm', step, record.gradientNorm ?? NaN);
    add(this.speed, 'images per second', step, record.imagesPerSecond);
    this.last = record;
  }

  /** Writes the page in the background, unless it was written not long ago. */
  writeIfDue(): void {
    if (!this.isWriting && performance.now() - this.written >= this.seconds * 1000) {
      // what `onError` throws is no reason to end a run either
      this.writing = this.write(this.seconds).catch(() => undefined);
    }
  }

  /** The page of the run's end. */
  async close(): Promise<void> {
    await this.writing;
    await this.write(null);
  }

  private async write(reloadSeconds: number | null): Promise<void> {
    this.isWriting = true;
    this.written = performance.now();
    try {
      await writeFile(this.path, this.page(reloadSeconds));
    } catch (error) {
      this.onError(error);
    }
    this.isWriting = false;
  }

  private page(reloadSeconds: number | null): string {
    const all = [
      ...[this.total, this.losses, this.masks, this.boxes],
      ...[this.learningRate, this.gradientNorm, this.speed],
    ];
    const charts = all
      .filter(({ series }) => series.size > 0)
      .map((chart) => ({ ...chart, series: [...chart.series.values()].map((one) => one.points()) }));
    return curvesPage({ title: this.run.title, figures: this.figures(), charts, reloadSeconds });
  }

  private figures(): [name: string, value: string][] {
    const { last, best, run } = this;
    if (last === null) {
      return [['step', `0 of ${run.totalSteps}`]];
    }
    return [
      ['step', `${last.step} of ${run.totalSteps}`],
      ['epoch', String(last.epoch)],
      ['loss', digits(last.losses.loss)],
      ['learning rate', digits(last.learningRate)],
      ['images per second', digits(last.imagesPerSecond)],
      ...(best === null ? [] : [bestFigure(best, run.metric)]),
    ];
  }
}

function bestFigure({ figures, step }: ValidationRecord, metric: string): [name: string, value: string] {
  const value = figures[metric] ?? NaN;
  return [`best ${metric}`, `${Number.isFinite(value) ? value.toFixed(3) : '–'} (step ${step})`];
}

function add({ series }: Curves, name: string, step: number, value: number): void {
  if (!Number.isFinite(value)) {
    return;
  }
  const curve = series.get(name) ?? new CurveSeries(name);
  series.set(name, curve);
  curve.add(step, value);
}

function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
