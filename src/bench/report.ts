import { textTable } from '../text_table';
import { isSameDevice } from './device_name';
import type { Timing } from './measure';

/** A model's timings, ours first, and for each peer how far its results are from ours. */
export interface ModelReport {
  readonly id: string;
  readonly title: string;
  readonly timings: readonly Timing[];
  readonly agreement: readonly (string | null)[];
}

export interface BenchReport {
  readonly engine: string;
  readonly node: string;
  readonly processor: string;
  readonly cores: number;
  /** Over the last minute, as the benchmark began: timings beside other work say little. */
  readonly load: number;
  readonly adapter: { readonly name: string; readonly driver: string; readonly software: boolean };
  readonly models: readonly ModelReport[];
}

/** Times are in milliseconds; `ratio` is a peer's median over ours. */
export function reportAsJson(report: BenchReport): string {
  const models = report.models.map(({ id, title, timings, agreement }) => ({
    id,
    title,
    contestants: timings.map(({ result: _, ...timing }, i) => ({
      ...timing,
      ratio: timing.medianMs / timings[0].medianMs,
      agreement: agreement[i],
    })),
  }));
  return `${JSON.stringify({ ...report, models }, null, 2)}\n`;
}

export function reportAsText(report: BenchReport): string {
  const { adapter, processor, cores, load } = report;
  const kind = adapter.software ? 'software (runs on the CPU)' : 'hardware';
  return [
    `adapter    ${adapter.name}, ${kind}`,
    `driver     ${adapter.driver}`,
    `processor  ${processor}, ${cores} cores, load ${load.toFixed(1)}`,
    ...report.models.flatMap((model) => ['', ...modelLines(model)]),
  ].join('\n');
}

function modelLines({ title, timings, agreement }: ModelReport): string[] {
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
  return [title, ...textTable(header, rows), ...notes];
}

function deviceNote(adapter: string | null, ours: string | null): string {
  if (adapter === null || ours === null) {
    return '';
  }
  return isSameDevice(adapter, ours) ? ` on ${adapter}` : ` on ANOTHER ADAPTER, ${adapter}`;
}
