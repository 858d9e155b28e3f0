import { GpuError } from '../gpu/errors';
import type { GpuDevice } from '../gpu/device';
import type { Precision } from '../kernels/precision';
import { storedLength } from '../kernels/tensor';
import { aloneInGraph, type LoneOperand } from './alone';
import { withCompiledAlone } from './compile_alone';
import type { Graph, Node } from './graph';
import { neededNodes } from './lower';
import { timeBatches } from './time_batches';
import { candidatesOf, shapeClass, type TuningChoices, type VariantChooser } from './tuning';

const BATCHES = 3;
/** A variant that takes so many times as long as the best one is not measured again. */
const HOPELESS = 1.5;

/** A choice that was made, with what each variant took in milliseconds; none where time ran out before. */
export interface TunedChoice {
  readonly variant: string;
  readonly milliseconds: Readonly<Record<string, number>>;
}

export interface TunerOptions {
  /** Choices that hold: those of a checkpoint before those of earlier runs on the device. */
  readonly known: TuningChoices;
  /** Milliseconds of measuring in all; 0 measures nothing. What is met later keeps the op's own choice. */
  readonly budget: number;
  /** Is told, before it is measured, what is met for the first time. */
  readonly tell?: (shapeClass: string) => void;
  /** Keeps what was measured for a graph, before anything runs by it, so that later runs choose the same. */
  readonly keep?: (choices: ReadonlyMap<string, TunedChoice>) => Promise<void>;
}

/**
 * Measures, for each class of shapes that it meets first, the variants that an op holds to be worth it, on the device and
 * with the whole shape: the smallest of three counts, see timeBatches().
 */
export class Tuner implements VariantChooser {
  /** What was measured by this tuner. */
  readonly measured = new Map<string, TunedChoice>();
  /** Every class that was met, and the variant that it got. */
  readonly used = new Map<string, string>();
  private spent = 0;

  constructor(
    private readonly gpu: GpuDevice,
    private readonly options: TunerOptions,
  ) {}

  /** Milliseconds that measuring took. */
  get milliseconds(): number {
    return this.spent;
  }

  async prepare(graph: Graph, precision: Precision = 'f32'): Promise<void> {
    const { capabilities } = this.gpu;
    const before = this.measured.size;
    for (const node of neededNodes(graph)) {
      const candidates = candidatesOf(node, { capabilities, precision });
      if (candidates.length === 0) {
        continue;
      }
      const name = shapeClass(node, precision);
      if (!this.used.has(name)) {
        this.used.set(name, await this.choose(name, node, precision, candidates));
      }
    }
    if (this.measured.size > before) {
      await this.options.keep?.(this.measured);
    }
  }

  variantOf(node: Node, precision: Precision = 'f32'): string | undefined {
    return node.op.candidates === undefined ? undefined : this.used.get(shapeClass(node, precision));
  }

  private async choose(name: string, node: Node, precision: Precision, candidates: readonly string[]): Promise<string> {
    const known = this.options.known.get(name);
    if (known !== undefined && candidates.includes(known)) {
      return known;
    }
    const { budget, tell } = this.options;
    if (budget === 0) {
      return candidates[0];
    }
    tell?.(name);
    const choice =
      this.spent < budget
        ? await this.measure(node, precision, candidates)
        : { variant: candidates[0], milliseconds: {} };
    this.measured.set(name, choice);
    return choice.variant;
  }

  private async measure(node: Node, precision: Precision, candidates: readonly string[]): Promise<TunedChoice> {
    const start = performance.now();
    const milliseconds: Record<string, number> = {};
    for (const variant of candidates) {
      const best = Math.min(...Object.values(milliseconds));
      const time = await timeVariant(this.gpu, node, precision, variant, best);
      if (time !== null) {
        milliseconds[variant] = time;
      }
    }
    this.spent += performance.now() - start;
    const variant = candidates.reduce((a, b) => (lowest(milliseconds, b) < lowest(milliseconds, a) ? b : a));
    return { variant, milliseconds };
  }
}

function lowest(milliseconds: Readonly<Record<string, number>>, variant: string): number {
  return milliseconds[variant] ?? Infinity;
}

/** Milliseconds of a node by a variant, on zeros; null where it does not run here. */
async function timeVariant(
  gpu: GpuDevice,
  node: Node,
  precision: Precision,
  variant: string,
  best: number,
): Promise<number | null> {
  const zeros = { parameter: ({ spec }: LoneOperand) => new Float32Array(storedLength(spec)) };
  const options = { label: `${node.op.name} by ${variant}`, variants: { [node.op.name]: variant }, precision };
  try {
    const { milliseconds } = await withCompiledAlone(gpu, aloneInGraph(node), zeros, options, (compiled) =>
      timeBatches(compiled, BATCHES, HOPELESS * best),
    );
    return Math.min(...milliseconds);
  } catch (error) {
    if (error instanceof GpuError) {
      gpu.check();
      return null;
    }
    throw error;
  }
}
