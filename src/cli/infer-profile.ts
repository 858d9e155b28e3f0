import type { DispatchTime } from '../gpu/profiler';
import type { ImageProfile } from '../models/detector';
import { textTable } from '../text_table';

interface Row {
  dispatches: number;
  milliseconds: number;
  flops: number;
  bytes: number;
  counted: boolean;
}

/**
 * The report of `engine infer --profile`: submissions and readbacks, time and traffic per kernel, memory, and the time
 * that was not spent in a kernel, as means over the images; and when the first detection was there.
 * @param peakBytes of the device's memory
 * @param weightsMilliseconds of reading the weights' file
 */
export function describeProfiles(
  profiles: readonly ImageProfile[],
  peakBytes: number,
  weightsMilliseconds: number,
): string {
  const count = profiles.length;
  const mean = (of: (profile: ImageProfile) => number): number => profiles.reduce((s, p) => s + of(p), 0) / count;
  const most = (of: (profile: ImageProfile) => number): number => Math.max(...profiles.map(of));
  const wall = mean((p) => p.milliseconds);
  const lines = [
    '',
    `Profile of ${count} ${count === 1 ? 'image' : 'images'}, per image:`,
    `  submissions         ${range(profiles.map((p) => p.submissions))}`,
    `  readbacks           ${range(profiles.map((p) => p.readbacks))}`,
    `  dispatches          ${range(profiles.map((p) => p.plan.dispatches))}`,
  ];
  if (profiles.every(({ times }) => times.length > 0)) {
    const gpu = mean((p) => p.times.reduce((sum, t) => sum + t.milliseconds, 0));
    const bytes = mean((p) => p.times.reduce((sum, t) => sum + t.bytes, 0));
    const bound = boundOf(profiles.some((p) => p.times.some((t) => t.counted)));
    lines.push(
      `  time                ${wall.toFixed(2)} ms: ${gpu.toFixed(2)} ms in kernels, ${(wall - gpu).toFixed(2)} ms outside the GPU's kernels`,
      `  moved by kernels    ${bound}${(bytes / 1e6).toFixed(0)} MB, ${bound}${(bytes / gpu / 1e6).toFixed(1)} GB/s, caches left out of account`,
    );
  } else {
    lines.push(`  time                ${wall.toFixed(2)} ms (this adapter has no timestamps: no times per op)`);
  }
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  lines.push(
    `  memory of the plan  ${mebibytes(most((p) => p.plan.planned))}, the largest sum alive at one time ` +
      `${mebibytes(most((p) => p.plan.bound))}, the sum of all tensors ${mebibytes(most((p) => p.plan.total))}`,
    `  peak of the device  ${mebibytes(peakBytes)} with weights, all plans and set-up`,
    firstDetection(),
    '',
    ...table(profiles.flatMap((p) => p.times)).map((line) => `  ${line}`),
  );
  return lines.join('\n');

  function firstDetection(): string {
    const first = profiles.reduce((a, b) => (b.finished < a.finished ? b : a));
    const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
    return (
      `  first detection     after ${seconds(first.finished)} (of which ${seconds(weightsMilliseconds)} loading weights, ` +
      `${seconds(first.planMilliseconds)} making plan and pipelines)`
    );
  }

  function table(times: readonly DispatchTime[]): string[] {
    const rows = new Map<string, Row>();
    for (const { op, kernel, milliseconds, flops, bytes, counted } of times) {
      const name = `${op.split(' ')[0]}: ${kernel}`;
      const row = rows.get(name) ?? { dispatches: 0, milliseconds: 0, flops: 0, bytes: 0, counted: false };
      row.dispatches++;
      row.milliseconds += milliseconds;
      row.flops += flops;
      row.bytes += bytes;
      row.counted ||= counted;
      rows.set(name, row);
    }
    if (rows.size === 0) {
      return [];
    }
    const sum = times.reduce((total, t) => total + t.milliseconds, 0);
    const sorted = [...rows].sort(([, a], [, b]) => b.milliseconds - a.milliseconds);
    return textTable(
      ['op: kernel', 'dispatches', 'ms', 'share', 'rate'],
      sorted.map(([name, row]) => [name, ...cells(row, sum)]),
    );
  }

  function cells({ dispatches, milliseconds, flops, bytes, counted }: Row, sum: number): string[] {
    const giga = (amount: number): string => (amount / milliseconds / 1e6).toFixed(1);
    const bound = boundOf(counted);
    const rate = flops > 0 ? `${giga(flops)} GFLOP/s` : `${giga(bytes)} GB/s`;
    const share = `${((100 * milliseconds) / sum).toFixed(1)} %`;
    return [(dispatches / count).toFixed(0), (milliseconds / count).toFixed(3), share, bound + rate];
  }
}

/** What stands before work that is `counted`: a kernel that stops at a count did less than it is booked with. */
function boundOf(counted: boolean): string {
  return counted ? '<= ' : '';
}

function range(values: readonly number[]): string {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  return min === max ? String(min) : `${min} to ${max}`;
}
