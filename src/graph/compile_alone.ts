import type { GpuDevice } from '../gpu/device';
import { storedLength } from '../kernels/tensor';
import type { LoneNode, LoneOperand } from './alone';
import { CompiledGraph, type CompileOptions } from './compile';
import { ParameterStore } from './parameters';
import { StateStore } from './states';

/** What a lone node works on; all items of counted tensors are in use, states are zero. */
export interface LoneValues {
  /** Of the operand's stored length. */
  parameter(operand: LoneOperand): Float32Array;
  /** Of the operand's stored length; left out, inputs are zero. */
  input?(operand: LoneOperand): ArrayBufferView<ArrayBuffer>;
}

/** Does `work` with a lone node, ready to run, and frees it. */
export async function withCompiledAlone<T>(
  gpu: GpuDevice,
  { graph, node, operands }: LoneNode,
  values: LoneValues,
  options: Omit<CompileOptions, 'states'>,
  work: (compiled: CompiledGraph) => Promise<T>,
): Promise<T> {
  const parameters = operands.filter(({ kind }) => kind === 'parameter');
  const store = new ParameterStore(gpu, new Map(parameters.map((one) => [one.name, values.parameter(one)])));
  const states = new StateStore(gpu);
  try {
    for (const { name, spec } of operands.filter(({ kind }) => kind === 'state')) {
      states.add(name, storedLength(spec));
    }
    const compiled = await CompiledGraph.create(graph, store, { ...options, states });
    try {
      for (const operand of operands) {
        if (operand.kind === 'count') {
          compiled.upload({ [operand.name]: Uint32Array.of(node.inputs[operand.input]?.spec.shape[0] ?? 0) });
        } else if (operand.kind === 'input' && values.input !== undefined) {
          compiled.upload({ [operand.name]: values.input(operand) });
        }
      }
      return await work(compiled);
    } finally {
      compiled.release();
    }
  } finally {
    states.release();
    store.release();
  }
}
