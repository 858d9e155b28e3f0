import { textTable } from '../../text_table';
import { machineLines, type Machine } from '../machine';
import { meanBandwidth, type CaseFigures, type PhaseFigures } from './figures';
import { bandwidthOf, type Ceilings } from './probes';

export interface KernelReport extends Machine {
  readonly ceilings: Ceilings;
  readonly phases: readonly PhaseFigures[];
  /** Cases that did not run here, with the reason. */
  readonly leftOut: readonly { readonly op: string; readonly layer: string; readonly reason: string }[];
}

/** Rows are shown until they make up this share of a phase's time. */
const SHOWN_SHARE = 0.98;
const LONGEST_KERNELS = 48;

export function kernelReportAsJson(report: KernelReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** @param all every row, however little time it takes */
export function kernelReportAsText(report: KernelReport, all: boolean): string {
  const { ceilings, phases, leftOut } = report;
  return [
    ...machineLines(report),
    ...ceilingLines(ceilings),
    ...phases.filter(({ rows }) => rows.length > 0).flatMap((phase) => ['', ...phaseLines(phase, all)]),
    '',
    ...summary(phases, ceilings),
    ...leftOut.map(({ op, layer, reason }) => `left out: ${op} ${layer}: ${reason}`),
  ].join('\n');
}

function ceilingLines({ gflops, kernelCopy, bufferCopy, hostCopy }: Ceilings): string[] {
  return [
    `ceilings   ${gflops.toFixed(1)} GFLOP/s of fused multiply-adds; copies, bytes read and written: ` +
      `${kernelCopy.toFixed(1)} GB/s by a kernel, ${bufferCopy.toFixed(1)} GB/s by copyBufferToBuffer, ` +
      `${hostCopy.toFixed(1)} GB/s by the processor`,
  ];
}

function phaseLines({ title, phase, rows }: PhaseFigures, all: boolean): string[] {
  const total = rows.reduce((sum, { totalMs }) => sum + totalMs, 0);
  const ops = rows.reduce((sum, { layers }) => sum + layers.length, 0);
  let [sum, shown] = [0, 0];
  while (shown < rows.length && (all || sum < SHOWN_SHARE * total)) {
    sum += rows[shown++].totalMs;
  }
  const cells = rows
    .slice(0, shown)
    .map(({ figures, layers, totalMs }) => [
      figures.op,
      layers.length > 1 ? `${layers[0]} x ${layers.length}` : layers[0],
      shapeOf(figures),
      kernelNames(figures.kernels),
      milliseconds(figures.medianMs),
      `${Math.round((100 * (figures.maxMs - figures.minMs)) / figures.medianMs)} %`,
      rateOf(figures),
      `${Math.round(100 * figures.ceilingShare)} %`,
      `${((100 * totalMs) / total).toFixed(1)} %`,
    ]);
  const header = ['op', 'layer', 'shape', 'kernels', 'ms', 'spread', 'rate', 'of ceiling', 'of time'];
  const rest = rows.length - shown;
  return [
    `${title}, ${phase}: ${milliseconds(total)} ms in ${ops} ops, ${rows.length} of them different`,
    ...textTable(header, cells, 4),
    ...(rest > 0 ? [`… and ${rest} more with ${((100 * (total - sum)) / total).toFixed(1)} % of the time`] : []),
  ];
}

function summary(phases: readonly PhaseFigures[], ceilings: Ceilings): string[] {
  const kind = 'element-wise and copies';
  const bandwidth = meanBandwidth(phases, kind);
  if (bandwidth === null) {
    return [];
  }
  const share = (of: number): string => `${Math.round((100 * bandwidth) / of)} %`;
  return [
    `${kind}: ${bandwidth.toFixed(1)} GB/s on average, ${share(bandwidthOf(ceilings))} of the device's copy, ` +
      `${share(ceilings.hostCopy)} of the processor's`,
  ];
}

function rateOf({ gflops, gigabytesPerSecond }: CaseFigures): string {
  return gflops === null ? `${gigabytesPerSecond.toFixed(1)} GB/s` : `${gflops.toFixed(1)} GFLOP/s`;
}

function milliseconds(ms: number): string {
  return ms < 1 ? ms.toFixed(3) : ms < 100 ? ms.toFixed(2) : ms.toFixed(0);
}

/** From the first input to the first output, with the size of a convolution's window and its stride. */
function shapeOf({ op, inputs, outputs, attributes }: CaseFigures): string {
  const short = (shape: readonly number[]): string =>
    (shape.length > 1 && shape[0] === 1 ? shape.slice(1) : shape).join('x');
  const shapes = [inputs[0] ?? [], ...outputs.slice(0, 1)].map(short);
  const { stride = 1 } = attributes as { stride?: number | readonly number[] };
  const step = Math.max(...[stride].flat());
  const window = /^conv(?!WeightGradient)/.test(op) ? ` ${inputs[1]?.slice(2).join('x')}` : '';
  return shapes.join(' > ') + window + (step > 1 ? ` / ${step}` : '');
}

/** As many names as there is room for, and the number of the others. */
function kernelNames(names: readonly string[]): string {
  const fitting = names.filter((_, i) => i === 0 || names.slice(0, i + 1).join(' + ').length <= LONGEST_KERNELS);
  const others = names.length - fitting.length;
  return fitting.join(' + ') + (others > 0 ? ` + ${others} more` : '');
}
