import { textTable } from '../text_table';
import { isSameDevice } from './device_name';
import { machineLines, type Machine } from './machine';
import type { Failure, Timing } from './measure';
import { OURS, type Task } from './model';
import type { Work } from './work';

/** A model's timings, ours first, and for each peer how far its results are from ours. */
export interface ModelReport {
  readonly id: string;
  readonly title: string;
  readonly task: Task;
  readonly timings: readonly Timing[];
  readonly agreement: readonly (string | null)[];
  /** Peers that took no part, or fell out. */
  readonly absent: readonly Failure[];
  /** Of one run of ours; null where it was not taken apart. */
  readonly work: Work | null;
  /** See coldStart; null for training. */
  readonly coldStartMs: number | null;
  /** Why there is none in inference. */
  readonly coldStartFailure: string | null;
}

export interface BenchReport extends Machine {
  readonly models: readonly ModelReport[];
}

/** Times are in milliseconds; `ratio` is a peer's median over ours. */
export function reportAsJson(report: BenchReport): string {
  const models = report.models.map(({ timings, agreement, ...model }) => ({
    ...model,
    contestants: timings.map(({ result: _, ...timing }, i) => ({
      ...timing,
      ratio: timing.medianMs / timings[0].medianMs,
      agreement: agreement[i],
    })),
  }));
  return `${JSON.stringify({ ...report, models }, null, 2)}\n`;
}

export function reportAsText(report: BenchReport): string {
  return [...machineLines(report), ...report.models.flatMap((model) => ['', ...modelLines(model)])].join('\n');
}

function modelLines({ title, task, timings, agreement, absent, work, ...rest }: ModelReport): string[] {
  const header = ['', 'median', 'min', 'max', 'first run', 'runs', 'to ours'];
  const rows = timings.map(({ name, medianMs, minMs, maxMs, firstMs, runsMs }) => [
    name,
    ...[medianMs, minMs, maxMs, firstMs].map((ms) => `${ms.toFixed(ms < 100 ? 1 : 0)} ms`),
    String(runsMs.length),
    `${(medianMs / timings[0].medianMs).toFixed(2)} x`,
  ]);
  const notes = timings.flatMap(({ name, adapter }, i) => {
    const says = agreement[i];
    return says === null ? [] : [`${name}${deviceNote(adapter, timings[0].adapter)}: ${says}`];
  });
  return [
    title,
    ...textTable(header, rows),
    ...(work === null ? [] : [`${OURS}, ${task === 'training' ? 'a step' : 'an image'}: ${workText(work)}`]),
    ...coldStartLines(rest),
    ...notes,
    ...absent.map(({ name, reason }) => `${name} took no part: ${reason}`),
  ];
}

function coldStartLines({
  coldStartMs,
  coldStartFailure,
}: Pick<ModelReport, 'coldStartMs' | 'coldStartFailure'>): string[] {
  if (coldStartMs !== null) {
    return [`${OURS}, cold start: ${coldStartMs.toFixed(0)} ms from the start of a new process to the first result`];
  }
  return coldStartFailure === null ? [] : [`${OURS}, cold start: none: ${coldStartFailure}`];
}

function workText({ dispatches, gpuMs, hostMs, bytes }: Work): string {
  if (gpuMs === null || hostMs === null || bytes === null) {
    return `${dispatches} dispatches (this adapter has no timestamps)`;
  }
  return (
    `${dispatches} dispatches, ${gpuMs.toFixed(2)} ms in them and ${hostMs.toFixed(2)} ms beside them ` +
    `(${((100 * hostMs) / (gpuMs + hostMs)).toFixed(1)} %), ${(bytes / 1e6).toFixed(0)} MB moved`
  );
}

function deviceNote(adapter: string | null, ours: string | null): string {
  if (adapter === null || ours === null) {
    return '';
  }
  return isSameDevice(adapter, ours) ? ` on ${adapter}` : ` on ANOTHER ADAPTER, ${adapter}`;
}
