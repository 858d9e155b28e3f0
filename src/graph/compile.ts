import type { GpuDevice } from '../gpu/device';
import { Recording, type BufferRange, type RecordedCall, type Upload } from '../gpu/recording';
import type { DispatchTime } from '../gpu/profiler';
import type { Operand } from '../kernels/op';
import { requirePrecision, type Precision } from '../kernels/precision';
import { byteLength } from '../kernels/tensor';
import { fuse } from './fusion';
import type { Graph } from './graph';
import { lifetimesOf } from './lifetimes';
import { lowerGraph, type LoweredCall, type Variants } from './lower';
import { planMemory, type MemoryPlan } from './memory_plan';
import type { ParameterStore } from './parameters';
import type { StateStore } from './states';
import type { VariantChooser } from './tuning';

export interface CompileOptions {
  /** Named in errors and profiles. */
  readonly label: string;
  /** Variants by force, before those that `tuner` chooses. */
  readonly variants?: Variants;
  readonly tuner?: VariantChooser | undefined;
  /** How weights are kept; `f32` where it is left out. */
  readonly precision?: Precision | undefined;
  /** Where the graph's states lie. */
  readonly states?: StateStore;
}

/** Values by the input's name. */
export type GraphInputs = Readonly<Record<string, ArrayBufferView<ArrayBuffer>>>;

export interface GraphRun {
  /** The memory of each output, in its layout (see fromStored in kernels/tensor). */
  readonly outputs: ReadonlyMap<string, ArrayBuffer>;
  readonly times: readonly DispatchTime[];
}

/** Bytes of a compiled graph's memory, and what they are to be compared with. */
export interface PlanStatistics {
  readonly dispatches: number;
  /** What the plan takes: the sum of its blocks. */
  readonly planned: number;
  /** The largest sum of tensors alive at one time. */
  readonly bound: number;
  /** The sum of all tensors. */
  readonly total: number;
}

/** A graph with its memory, pipelines and bind groups made: it runs with one submission and one readback. */
export class CompiledGraph {
  private constructor(
    private readonly gpu: GpuDevice,
    private readonly recording: Recording,
    private readonly owned: readonly GPUBuffer[],
    private readonly inputs: ReadonlyMap<string, BufferRange>,
    private readonly outputs: ReadonlyMap<string, BufferRange>,
    readonly statistics: PlanStatistics,
  ) {}

  /**
   * Fuses, lowers and plans the graph, and computes the constants that are not in the store yet.
   * @throws InputError where the device does not do the precision, or the weights lack a parameter
   */
  static async create(graph: Graph, store: ParameterStore, options: CompileOptions): Promise<CompiledGraph> {
    const { gpu } = store;
    const { variants = {}, tuner, precision = 'f32' } = options;
    requirePrecision(gpu.capabilities, precision);
    fuse(graph);
    await tuner?.prepare(graph, precision);
    const lowered = lowerGraph(
      graph,
      gpu.capabilities,
      (node) => variants[node.op.name] ?? tuner?.variantOf(node, precision),
      (key) => store.find(key) !== undefined,
      precision,
    );
    await computeConstants(store, options.label, lowered.constantCalls);

    const memory = new PlannedMemory(store, options.label);
    try {
      const inputs = new Map<string, BufferRange>();
      for (const [name, tensor] of graph.inputs) {
        inputs.set(name, memory.addInput(lowered.operandOf(tensor), name));
      }
      for (const [name, tensor] of graph.states) {
        memory.addState(lowered.operandOf(tensor), options.states?.rangeOf(name));
      }
      const outputs = [...graph.outputs].map(([name, tensor]) => [name, lowered.operandOf(tensor)] as const);
      const plan = memory.assign(
        lowered.calls,
        outputs.map(([, operand]) => operand),
      );
      const outputRanges = new Map(outputs.map(([name, operand]) => [name, memory.rangeOf(operand)]));
      const recording = await Recording.create(gpu, options.label, memory.bind(lowered.calls));
      // after the outputs' ranges: an output may be a constant
      store.keepOnly(memory.constants);
      return new CompiledGraph(gpu, recording, memory.owned, inputs, outputRanges, {
        dispatches: recording.dispatches,
        planned: sum(plan.blockBytes),
        bound: plan.bound,
        total: plan.total,
      });
    } catch (error) {
      memory.release();
      throw error;
    }
  }

  /**
   * Runs the graph on the given inputs (each in its tensor's memory layout, or a leading part of it).
   * Inputs that are left out keep the values of the run before.
   */
  async run(inputs: GraphInputs, profile = false): Promise<GraphRun> {
    const { data, times } = await this.recording.run(this.uploads(inputs), [...this.outputs.values()], profile);
    return { outputs: new Map([...this.outputs.keys()].map((name, i) => [name, data[i]])), times };
  }

  /** Queues what run() writes to the inputs, without a run. */
  upload(inputs: GraphInputs): void {
    this.uploads(inputs).forEach(({ buffer, data }) => {
      this.gpu.write(buffer, data);
    });
  }

  /**
   * Runs the graph `repeats` times on the inputs of the run before, with nothing but its dispatches, and gives milliseconds
   * per repetition (see Recording.time).
   */
  time(repeats: number): Promise<number> {
    return this.recording.time(repeats);
  }

  private uploads(inputs: GraphInputs): Upload[] {
    return Object.entries(inputs).map(([name, data]): Upload => {
      const range = this.inputs.get(name);
      if (range === undefined || data.byteLength > range.buffer.size) {
        throw new RangeError(`input ${name}: ${range === undefined ? 'no such input' : 'too many bytes'}`);
      }
      return { buffer: range.buffer, data };
    });
  }

  /** Frees the plan's own memory; constants stay with the store. */
  release(): void {
    this.recording.release();
    this.owned.forEach((buffer) => this.gpu.memory.release(buffer));
  }
}

/** Where the operands of a list of calls lie. */
class PlannedMemory {
  readonly owned: GPUBuffer[] = [];
  readonly constants = new Set<GPUBuffer>();
  private readonly ranges = new Map<number, BufferRange>();

  constructor(
    private readonly store: ParameterStore,
    private readonly label: string,
  ) {}

  addInput(operand: Operand, name: string): BufferRange {
    const buffer = this.own(`${this.label} input ${name}`, byteLength(operand.spec));
    const range = { buffer, offset: 0, size: buffer.size };
    this.ranges.set(operand.id, range);
    return range;
  }

  addState(operand: Operand, range: BufferRange | undefined): void {
    const bytes = byteLength(operand.spec);
    if (range === undefined || range.size < bytes) {
      throw new RangeError(`${this.label}: a state of ${bytes} bytes has no place, or one of ${range?.size ?? 0}`);
    }
    this.ranges.set(operand.id, range);
  }

  /** Plans and allocates everything that is neither an input nor a constant. `kept` stays alive to the end. */
  assign(calls: readonly LoweredCall[], kept: readonly Operand[]): MemoryPlan {
    const lifetimes = lifetimesOf(calls, kept, (operand) => this.ranges.has(operand.id));
    const plan = planMemory([...lifetimes.values()]);
    const blocks = plan.blockBytes.map((bytes, i) => this.own(`${this.label} block ${i}`, bytes));
    [...lifetimes].forEach(([id, { bytes }], i) => {
      const buffer = blocks[plan.blockOf[i]];
      this.ranges.set(id, { buffer, offset: 0, size: Math.min(buffer.size, Math.ceil(bytes / 16) * 16) });
    });
    return plan;
  }

  /** `written`: the range is for a dispatch that computes the operand, which is therefore not there yet. */
  rangeOf(operand: Operand, written = false): BufferRange {
    if (operand.constantKey !== undefined) {
      const buffer = this.constantBuffer(operand.constantKey, byteLength(operand.spec), written);
      this.constants.add(buffer);
      return { buffer, offset: 0, size: buffer.size };
    }
    const range = this.ranges.get(operand.id);
    if (range === undefined) {
      throw new RangeError(`${this.label}: an operand was never planned`);
    }
    return range;
  }

  bind(calls: readonly LoweredCall[]): RecordedCall[] {
    return calls.map(({ call, ...rest }) => {
      const bindings = Object.entries(call.bindings).map(([name, use]) => {
        return [name, { ...use, target: this.rangeOf(use.target, use.access === 'read_write') }] as const;
      });
      return { ...rest, call: { ...call, bindings: Object.fromEntries(bindings) } };
    });
  }

  release(): void {
    this.owned.forEach((buffer) => this.store.gpu.memory.release(buffer));
  }

  /** @throws InputError where the weights lack the parameter */
  private constantBuffer(key: string, bytes: number, written: boolean): GPUBuffer {
    return this.store.find(key) ?? (written || bytes === 0 ? this.store.create(key, bytes) : this.store.upload(key));
  }

  private own(label: string, bytes: number): GPUBuffer {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.store.gpu.memory.create(label, bytes, usage);
    this.owned.push(buffer);
    return buffer;
  }
}

/** Fills the store with the constants that the calls compute. */
async function computeConstants(store: ParameterStore, label: string, calls: readonly LoweredCall[]): Promise<void> {
  if (calls.length === 0) {
    return;
  }
  const memory = new PlannedMemory(store, `${label} constants`);
  try {
    memory.assign(calls, []);
    const recording = await Recording.create(store.gpu, `${label} constants`, memory.bind(calls));
    try {
      await recording.run([], []);
    } finally {
      recording.release();
    }
  } finally {
    memory.release();
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
