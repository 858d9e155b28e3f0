import { InputError } from '../errors';
import type { ParameterStore } from '../graph/parameters';
import type { ArenaLayout, StateStore } from '../graph/states';
import { ArenaAlgebra } from './lbfgs_arenas';
import { strongWolfe, type LinePoint } from './lbfgs_line_search';
import { within } from './optimizer_settings';
import { GRADIENTS, PARAMETERS } from './optimizers';

/** torch.optim.LBFGS' options, with its defaults. It has neither groups nor weight decay. */
export interface LbfgsSettings {
  readonly type: 'lbfgs';
  /** Iterations of one step. Default 20. */
  readonly maxIterations?: number;
  /** Evaluations of one step, after which no further iteration begins. Default 5/4 of the iterations. */
  readonly maxEvaluations?: number | null;
  /** Ends a step where no gradient is larger. Default 1e-7. */
  readonly toleranceGradient?: number;
  /** Ends a step where parameters or loss change by less. Default 1e-9. */
  readonly toleranceChange?: number;
  /** Pairs of arenas that are kept, each as large as the parameters twice. Default 100. */
  readonly historySize?: number;
  readonly lineSearch?: 'none' | 'strong_wolfe';
}

/** What a checkpoint has to hold besides the arenas. JSON. */
export interface LbfgsState {
  readonly iterations: number;
  readonly evaluations: number;
  readonly stepLength: number;
  /** The pairs in use, oldest first: which arenas, and 1 / (change . step). */
  readonly pairs: readonly { readonly slot: number; readonly rho: number }[];
  readonly scale: number;
}

const DIRECTION = 'optimizer/direction';
const PREVIOUS = 'optimizer/previous_gradient';
const START = 'optimizer/start';
const stepOf = (slot: number): string => `optimizer/step_${slot}`;
const changeOf = (slot: number): string => `optimizer/change_${slot}`;
/** Products of step and change of the gradient that are too small to learn from. */
const SMALLEST_PRODUCT = 1e-10;

/** The arenas that an L-BFGS optimizer needs beside parameters and gradients, zeroed. @throws InputError for bad settings */
export function lbfgsSlots(settings: LbfgsSettings): string[] {
  const { historySize, lineSearch } = resolved(settings);
  const pairs = Array.from({ length: historySize }, (_, slot) => [stepOf(slot), changeOf(slot)]).flat();
  return [DIRECTION, PREVIOUS, ...(lineSearch === 'none' ? [] : [START]), ...pairs];
}

/**
 * Limited-memory BFGS as torch.optim.LBFGS (Nocedal and Wright, algorithm 7.4). Unlike the other optimizers it decides
 * on the host, after each evaluation, where to evaluate next; vectors stay on the GPU, and only their products come back.
 */
export class Lbfgs {
  private readonly settings: ReturnType<typeof resolved>;
  private readonly vectors: ArenaAlgebra;
  private current: LbfgsState = { iterations: 0, evaluations: 0, stepLength: 0, pairs: [], scale: 1 };

  /**
   * @param states hold the arenas of parameters, gradients and lbfgsSlots(), all of one layout
   * @throws InputError for settings out of range
   */
  constructor(store: ParameterStore, states: StateStore, layout: ArenaLayout, settings: LbfgsSettings) {
    this.settings = resolved(settings);
    this.vectors = new ArenaAlgebra(store, states, layout);
  }

  get state(): LbfgsState {
    return this.current;
  }

  /** Those of lbfgsSlots() that hold something: what a checkpoint needs. */
  get usedSlots(): string[] {
    const pairs = this.current.pairs.flatMap(({ slot }) => [stepOf(slot), changeOf(slot)]);
    return this.current.iterations === 0 ? [] : [DIRECTION, PREVIOUS, ...pairs];
  }

  /** Goes on from a checkpoint whose arenas have been written. */
  restore(state: LbfgsState): void {
    this.current = state;
  }

  release(): void {
    this.vectors.release();
  }

  /**
   * One step: up to `maxIterations` iterations.
   * @param evaluate computes the loss at the arena's parameters and leaves its gradients in their arena; for the same
   * parameters it must give the same (the same images, the same samples)
   * @returns the loss before the step
   */
  async step(evaluate: () => Promise<number>, learningRate: number): Promise<number> {
    const { maxIterations, maxEvaluations, toleranceGradient, toleranceChange, lineSearch } = this.settings;
    const { vectors } = this;
    const firstLoss = await evaluate();
    let loss = firstLoss;
    let evaluations = 1;
    this.advance({ evaluations: this.current.evaluations + 1 });
    let isOptimal = (await vectors.largestMagnitude(GRADIENTS)) <= toleranceGradient;
    for (let iteration = 1; iteration <= maxIterations && !isOptimal; iteration++) {
      await this.turn();
      const previousLoss = loss;
      const first = this.current.iterations === 1;
      let length = learningRate * (first ? Math.min(1, 1 / (await vectors.sumOfMagnitudes(GRADIENTS))) : 1);
      this.advance({ stepLength: length });
      const slope = await vectors.dot(GRADIENTS, DIRECTION);
      if (slope > -toleranceChange) {
        break;
      }
      const before = evaluations;
      if (lineSearch === 'strong_wolfe') {
        const found = await this.searchLine(evaluate, { step: 0, value: loss, slope }, length);
        length = found.point.step;
        loss = found.point.value;
        evaluations += found.evaluations;
        this.advance({ stepLength: length });
      } else {
        await vectors.combine(PARAMETERS, length, DIRECTION, 1);
        // after the last iteration there is no need to know
        if (iteration < maxIterations) {
          loss = await evaluate();
          evaluations++;
        }
      }
      this.advance({ evaluations: this.current.evaluations + evaluations - before });
      if (iteration === maxIterations || evaluations >= maxEvaluations) {
        break;
      }
      isOptimal = (await vectors.largestMagnitude(GRADIENTS)) <= toleranceGradient;
      const moved = length * (await vectors.largestMagnitude(DIRECTION));
      if (Math.abs(moved) <= toleranceChange || Math.abs(loss - previousLoss) < toleranceChange) {
        break;
      }
    }
    return firstLoss;
  }

  private advance(changes: Partial<LbfgsState>): void {
    this.current = { ...this.current, ...changes };
  }

  /** Learns from the step done, and turns the direction to minus the inverse Hessian's product with the gradient. */
  private async turn(): Promise<void> {
    const { vectors } = this;
    this.advance({ iterations: this.current.iterations + 1 });
    if (this.current.iterations > 1) {
      await this.learn();
    }
    const { pairs, scale } = this.current;
    await vectors.combine(DIRECTION, -1, GRADIENTS, 0);
    const shares: number[] = [];
    for (const { slot, rho } of pairs.toReversed()) {
      const share = rho * (await vectors.dot(stepOf(slot), DIRECTION));
      shares.unshift(share);
      await vectors.combine(DIRECTION, -share, changeOf(slot), 1);
    }
    // the scale of the Hessian's diagonal goes with the first pair's product
    let scaled = false;
    for (const [i, { slot, rho }] of pairs.entries()) {
      const product = (scaled ? 1 : scale) * (await vectors.dot(changeOf(slot), DIRECTION));
      await vectors.combine(DIRECTION, shares[i] - rho * product, stepOf(slot), scaled ? 1 : scale);
      scaled = true;
    }
    await vectors.copy(PREVIOUS, GRADIENTS);
  }

  /** Takes up the pair of the last step, in place of the oldest one where the history is full. */
  private async learn(): Promise<void> {
    const { vectors } = this;
    const { pairs, stepLength } = this.current;
    // the pair is made where the previous gradient lies, since it may turn out to be useless
    await vectors.combine(PREVIOUS, 1, GRADIENTS, -1);
    const product = stepLength * (await vectors.dot(PREVIOUS, DIRECTION));
    if (!(product > SMALLEST_PRODUCT)) {
      return;
    }
    const full = pairs.length === this.settings.historySize;
    const slot = full ? pairs[0].slot : pairs.length;
    await vectors.copy(changeOf(slot), PREVIOUS);
    await vectors.combine(stepOf(slot), stepLength, DIRECTION, 0);
    const scale = product / (await vectors.dot(PREVIOUS, PREVIOUS));
    this.advance({ pairs: [...(full ? pairs.slice(1) : pairs), { slot, rho: 1 / product }], scale });
  }

  /** Leaves parameters and gradients at the point chosen. */
  private async searchLine(
    evaluate: () => Promise<number>,
    start: LinePoint,
    firstStep: number,
  ): Promise<{ point: LinePoint; evaluations: number }> {
    const { vectors } = this;
    await vectors.copy(START, PARAMETERS);
    let last = 0;
    const go = async (step: number): Promise<number> => {
      await vectors.copy(PARAMETERS, START);
      await vectors.combine(PARAMETERS, step, DIRECTION, 1);
      last = step;
      return evaluate();
    };
    const scale = await vectors.largestMagnitude(DIRECTION);
    const found = await strongWolfe(
      async (step) => ({ step, value: await go(step), slope: await vectors.dot(GRADIENTS, DIRECTION) }),
      start,
      firstStep,
      scale,
    );
    if (last !== found.point.step) {
      // once more instead of keeping the gradients of every candidate; torch keeps them, and does not count it either
      await go(found.point.step);
    }
    return found;
  }
}

function resolved(settings: LbfgsSettings): {
  maxIterations: number;
  maxEvaluations: number;
  toleranceGradient: number;
  toleranceChange: number;
  historySize: number;
  lineSearch: 'none' | 'strong_wolfe';
} {
  const maxIterations = whole('maxIterations', settings.maxIterations ?? 20);
  return {
    maxIterations,
    maxEvaluations: whole(
      'maxEvaluations',
      settings.maxEvaluations ?? Math.max(1, Math.floor((maxIterations * 5) / 4)),
    ),
    toleranceGradient: within('toleranceGradient', settings.toleranceGradient, 1e-7, '>= 0'),
    toleranceChange: within('toleranceChange', settings.toleranceChange, 1e-9, '>= 0'),
    historySize: whole('historySize', settings.historySize ?? 100),
    lineSearch: settings.lineSearch ?? 'none',
  };
}

function whole(name: string, value: number): number {
  if (!(Number.isInteger(value) && value > 0)) {
    throw new InputError(`optimizer.${name} is ${value} and must be a whole number, 1 or more`);
  }
  return value;
}
