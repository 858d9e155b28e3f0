import type { Capabilities } from '../../gpu/capabilities';
import type { GpuDevice } from '../../gpu/device';
import { aloneInGraph } from '../../graph/alone';
import { withCompiledAlone, type LoneValues } from '../../graph/compile_alone';
import type { Node } from '../../graph/graph';
import { lowerGraph, operandsOf } from '../../graph/lower';
import type { Tuner } from '../../graph/tuner';
import { byteLength, storedLength, type TensorSpec } from '../../kernels/tensor';
import { timeBatches, type Batches } from '../../graph/time_batches';
import type { KernelCase } from './cases';
import { formulaNumbers, inputValues } from './values';

/** What one run of a case does. */
export interface CaseWork {
  /** Names of its dispatches' kernels, each once: the variant that the op has chosen. */
  readonly kernels: readonly string[];
  readonly dispatches: number;
  /** Of the direct algorithm, also where a variant needs fewer; 0 where the kernels state none. */
  readonly flops: number;
  /** What it has to read and write at least: its inputs and outputs, or less where it needs only parts of them. */
  readonly bytes: number;
}

/** Ops that read no more of their inputs than they write. */
const READ_IN_PART = new Set(['slice', 'gatherRows', 'gatherAnchors', 'decodeBoxes', 'encodeBoxes', 'sampleClasses']);

/** A case's dispatches as a device of these capabilities gets them, by what a tuner has chosen. Nothing runs. */
export function workOf({ node }: KernelCase, capabilities: Capabilities, tuner?: Tuner): CaseWork {
  const { graph } = aloneInGraph(node);
  const { calls } = lowerGraph(
    graph,
    capabilities,
    (lone) => tuner?.variantOf(lone),
    () => true,
  );
  const dispatched = calls.map(
    ({ call }) => call.bytes ?? operandsOf(call).reduce((sum, { spec }) => sum + byteLength(spec), 0),
  );
  return {
    kernels: [...new Set(calls.map(({ call }) => call.kernel))],
    dispatches: calls.filter(({ call }) => call.workgroups.every((n) => n > 0)).length,
    flops: calls.reduce((sum, { call }) => sum + (call.flops ?? 0), 0),
    bytes: Math.min(
      dispatched.reduce((a, b) => a + b, 0),
      traffic(node),
    ),
  };
}

/** Inputs read once, outputs written once, states both. */
function traffic({ op, inputs, outputs }: Node): number {
  const size = (specs: readonly TensorSpec[]): number => specs.reduce((sum, spec) => sum + byteLength(spec), 0);
  const written = size(outputs.map(({ spec }) => spec));
  if (READ_IN_PART.has(op.name)) {
    return 2 * written;
  }
  const read = inputs.filter((input) => input !== null);
  const distinct = read.filter(({ id }, i) => read.findIndex((other) => other.id === id) === i);
  const updated = inputs.filter((input, i) => input !== null && op.updates?.includes(i));
  return written + size(distinct.map(({ spec }) => spec)) + size(updated.map((state) => state!.spec));
}

/** Times a case on values by formula, with all lists full, by the variant that the tuner chooses or else the op's own. */
export async function timeCase(
  gpu: GpuDevice,
  { node, scene }: KernelCase,
  batches: number,
  tuner?: Tuner,
): Promise<Batches> {
  const specs = node.inputs.map((input) => input?.spec ?? null);
  const values: LoneValues = {
    parameter: ({ spec }) => formulaNumbers(storedLength(spec)),
    input: ({ input }) => inputValues(node.op.name, input, specs, scene),
  };
  const options = { label: `${node.op.name} ${node.scope}`, tuner };
  return withCompiledAlone(gpu, aloneInGraph(node), values, options, (compiled) => timeBatches(compiled, batches));
}
