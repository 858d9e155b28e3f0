import { InputError } from '../../errors';
import type { GpuDevice } from '../../gpu/device';
import { DeviceMemoryError } from '../../gpu/errors';
import type { Tuner } from '../../graph/tuner';
import { thisMachine } from '../machine';
import type { Batches } from '../../graph/time_batches';
import { kernelCases, type KernelCase, type Occurrence } from './cases';
import { figuresOf, rowOf } from './figures';
import { higherCeilings, measureCeilings } from './probes';
import type { KernelReport } from './report';
import { timeCase, workOf } from './time_case';
import { WORKLOADS, workloadNodes, type Workload } from './workloads';

export interface KernelBenchOptions {
  /** Only cases whose op, kernels or layer have this in their name, in whatever case. */
  readonly filter: string | undefined;
  /** Batches of each case. */
  readonly batches: number;
  readonly workloads?: readonly Workload[];
  /** Left out: ops choose their variants for themselves. */
  readonly tuner?: Tuner;
  /** Is told of each case that is measured: how many there are, and which this one was. */
  readonly tell: (total: number, what: string) => void;
}

/**
 * Times every kernel of the models on a device, each case once, however often the models meet it.
 * @throws InputError where nothing fits the filter
 */
export async function benchKernels(gpu: GpuDevice, options: KernelBenchOptions): Promise<KernelReport> {
  const { filter, batches, workloads = WORKLOADS, tuner, tell } = options;
  const machine = thisMachine(gpu);
  const { capabilities } = gpu;
  const phases = kernelCases(workloads.flatMap((workload) => workloadNodes(workload, capabilities.maxBindingSize)));
  const kernels = new Map<KernelCase, readonly string[]>();
  const chosen = phases.map((phase) => ({
    ...phase,
    occurrences: phase.occurrences.flatMap((occurrence) => {
      const known = kernels.get(occurrence.case) ?? workOf(occurrence.case, capabilities).kernels;
      kernels.set(occurrence.case, known);
      return chosenOccurrence(occurrence, known, filter);
    }),
  }));
  const cases = new Map(
    chosen.flatMap(({ occurrences }) => occurrences.map((one) => [one.case, one.layers[0]] as const)),
  );
  if (cases.size === 0) {
    const ops = [...new Set([...kernels.keys()].map(({ node }) => node.op.name))].sort();
    throw new InputError(
      `--filter ${filter}: no op, kernel or layer has that in its name; the ops are ${ops.join(', ')}`,
    );
  }

  const before = await measureCeilings(gpu);
  const times = new Map<KernelCase, Batches>();
  const leftOut: { op: string; layer: string; reason: string }[] = [];
  for (const [one, layer] of cases) {
    const op = one.node.op.name;
    try {
      times.set(one, await timeCase(gpu, one, batches, tuner));
    } catch (error) {
      if (!(error instanceof DeviceMemoryError)) {
        throw error;
      }
      leftOut.push({ op, layer, reason: error.message });
    }
    tell(cases.size, `${op} ${layer}`);
  }
  // what else happens on the machine lowers them, so the higher ones count
  const ceilings = higherCeilings(before, await measureCeilings(gpu));
  const figures = new Map(
    [...times].map(([one, taken]) => [one, figuresOf(one, workOf(one, capabilities, tuner), taken, ceilings)] as const),
  );
  return {
    ...machine,
    ceilings,
    leftOut,
    phases: chosen.map(({ workload: { id, title }, phase, occurrences }) => ({
      model: id,
      title,
      phase,
      rows: occurrences
        .flatMap((occurrence) => {
          const measured = figures.get(occurrence.case);
          return measured === undefined ? [] : [rowOf(occurrence, measured)];
        })
        .sort((a, b) => b.totalMs - a.totalMs),
    })),
  };
}

/** What of an occurrence the filter leaves: all of it where op or kernels fit, else the layers that do. */
function chosenOccurrence(
  occurrence: Occurrence,
  kernels: readonly string[],
  filter: string | undefined,
): Occurrence[] {
  const fits = (name: string): boolean => filter === undefined || name.toLowerCase().includes(filter.toLowerCase());
  if ([occurrence.case.node.op.name, ...kernels].some(fits)) {
    return [occurrence];
  }
  const layers = occurrence.layers.filter(fits);
  return layers.length === 0 ? [] : [{ ...occurrence, layers }];
}
