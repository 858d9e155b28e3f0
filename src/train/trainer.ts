import type { GpuDevice } from '../gpu/device';
import type { DispatchTime } from '../gpu/profiler';
import { DeviceMemoryError } from '../gpu/errors';
import { CompiledGraph } from '../graph/compile';
import type { Graph } from '../graph/graph';
import { ParameterStore } from '../graph/parameters';
import { layOut, StateStore, type ArenaLayout } from '../graph/states';
import type { VariantChooser } from '../graph/tuning';
import type { MaskRcnnConfig } from '../models/config';
import { LOSSES, type LossName, type MaskRcnnTrainingSettings } from '../models/mask_rcnn_training';
import { nextPowerOfTwo } from '../models/power_of_two';
import { trainingInputs, type TrainingInputShape } from '../models/training_inputs';
import type { AugmentedSample, InputValues } from './augment/plan';
import { addAverage, AVERAGE, averageWeight, AVERAGE_WEIGHT } from './average';
import type { NamedTensor } from './checkpoint';
import { hostMemory } from './host_memory';
import { Lbfgs, lbfgsSlots, type LbfgsState } from './lbfgs';
import { createOptimizer, GRADIENTS, PARAMETERS, type Optimizer } from './optimizers';
import { parameterGroups, trainableParameters, type GroupSettings } from './parameter_groups';
import { learningRateAt } from './schedules';
import type { RunSettings } from './settings_from_config';
import { GRADIENT_NORM, GRADIENT_PREFIX, KEEP, RANDOM, trainingGraph } from './training_graph';

export interface TrainerOptions {
  readonly config: MaskRcnnConfig;
  readonly sampling: MaskRcnnTrainingSettings;
  readonly settings: RunSettings;
  readonly groups: GroupSettings;
  /** Passes through the graph that make a step. */
  readonly passes: number;
  readonly seed: number;
  /** As TrainingGraphSettings has it. */
  readonly checkpointing: boolean;
  readonly tuner?: VariantChooser | undefined;
  /** Room that every image of the run fits into. */
  readonly room: Pick<TrainingInputShape, 'pixelBytes' | 'objects' | 'sourceWords' | 'colours'>;
}

export interface StepResult {
  /** Means over the passes of the step, before they are weighted. */
  readonly losses: Readonly<Record<LossName, number>>;
  /** What is minimised: the weighted sum. */
  readonly loss: number;
  /** Null where gradients are not clipped by norm. */
  readonly gradientNorm: number | null;
  readonly learningRate: number;
  /** Of all passes. */
  readonly dispatches: number;
  /** Of each dispatch, where a profile was asked for. */
  readonly times: readonly DispatchTime[];
}

interface Plan {
  readonly key: string;
  readonly shape: TrainingInputShape;
  readonly compiled: CompiledGraph;
}

/** Plans beyond this much memory are released, the one used longest ago first; one is always kept. */
const PLAN_BYTES_KEPT = 3 * 2 ** 30;

/** A Mask R-CNN that is trained on a device: its parameters, the optimizer's state, and a plan for each size of batch. */
export class Trainer {
  readonly trainable: readonly string[];
  private readonly shapes: ReadonlyMap<string, readonly number[]>;
  private readonly weights: Map<string, Float32Array>;
  private readonly layout: ArenaLayout;
  private readonly store: ParameterStore;
  private readonly states: StateStore;
  private readonly optimizer: Optimizer | null;
  private readonly lbfgs: Lbfgs | null;
  /** Arenas of the optimizer's state. */
  private readonly slots: readonly string[];
  private plans: Plan[] = [];
  /** Words of warped masks that plans have room for; it grows with what comes. */
  private words = 1024;

  /**
   * @param weights by torchvision's names, all that the model has
   * @param shapes of all of the model's parameters
   * @throws InputError for settings that do not fit
   */
  constructor(
    gpu: GpuDevice,
    weights: ReadonlyMap<string, Float32Array>,
    shapes: ReadonlyMap<string, readonly number[]>,
    private readonly options: TrainerOptions,
  ) {
    const { settings, groups } = options;
    this.shapes = shapes;
    this.weights = new Map(weights);
    this.trainable = trainableParameters([...shapes.keys()], groups);
    const lengths = this.trainable.map((name) => [name, valueOf(weights, name).length] as const);
    this.layout = layOut(lengths, gpu.capabilities.maxBindingSize);
    this.store = new ParameterStore(gpu, this.weights);
    this.states = new StateStore(gpu);
    this.states.addArena(PARAMETERS, this.layout, '');
    this.states.addArena(GRADIENTS, this.layout, GRADIENT_PREFIX);
    const { optimizer } = settings;
    if (optimizer.type === 'lbfgs') {
      this.slots = lbfgsSlots(optimizer);
      this.optimizer = null;
    } else {
      this.optimizer = createOptimizer(optimizer, this.layout, parameterGroups(this.layout, groups));
      this.slots = this.optimizer.slots;
    }
    this.slots.forEach((slot) => this.states.addArena(slot, this.layout, `${slot}/`));
    if (settings.average !== null) {
      this.states.addArena(AVERAGE, this.layout, `${AVERAGE}/`);
    }
    this.lbfgs = optimizer.type === 'lbfgs' ? new Lbfgs(this.store, this.states, this.layout, optimizer) : null;
    this.trainable.forEach((name) => this.states.write(name, new Float32Array(valueOf(weights, name))));
  }

  /** What L-BFGS remembers on the host: for a checkpoint. Null for other optimizers. */
  get lbfgsState(): LbfgsState | null {
    return this.lbfgs?.state ?? null;
  }

  /**
   * One step of the optimizer.
   * @param step from 0: the steps done so far
   * @param passes the batch of each pass
   * @param profile whether each dispatch is timed; not those of L-BFGS
   * @throws DeviceMemoryError where the device has no room for the step
   * @throws GpuError where the device is lost
   */
  async step(step: number, passes: readonly (readonly AugmentedSample[])[], profile = false): Promise<StepResult> {
    const { settings } = this.options;
    const learningRate = learningRateAt(settings.schedule, step);
    if (this.lbfgs !== null) {
      let first: Evaluation | undefined;
      const evaluate = async (): Promise<number> => {
        const evaluation = await this.evaluate(step, passes, null);
        first ??= evaluation;
        return evaluation.loss;
      };
      await this.lbfgs.step(evaluate, learningRate);
      return { ...first!, gradientNorm: null, learningRate };
    }
    const inputs: Inputs = { hyper: this.optimizer!.hyper(step, learningRate) };
    if (settings.average !== null) {
      inputs[AVERAGE_WEIGHT] = Float32Array.of(averageWeight(settings.average, step));
    }
    return { ...(await this.evaluate(step, passes, inputs, profile)), learningRate };
  }

  /** Makes what the passes of a step need, and the choice of kernels, which a tuner measures. */
  async prepare(passes: readonly (readonly AugmentedSample[])[]): Promise<void> {
    for (const [i, batch] of passes.entries()) {
      await this.plan(batch, i === passes.length - 1 && this.optimizer !== null);
    }
  }

  /** All tensors of a checkpoint (see Checkpoint.tensors), in PyTorch's layout. */
  async tensors(): Promise<Map<string, NamedTensor>> {
    const tensors = this.untrained();
    for (const prefix of this.savedPrefixes()) {
      const values = await this.read(prefix);
      values.forEach((tensor, i) => tensors.set(prefix + this.trainable[i], tensor));
    }
    return tensors;
  }

  /** The weights to detect with, by torchvision's names and in PyTorch's layout: moving averages where there are any. */
  async modelWeights(): Promise<Map<string, NamedTensor>> {
    const tensors = this.untrained();
    const values = await this.read(this.options.settings.average === null ? '' : `${AVERAGE}/`);
    values.forEach((tensor, i) => tensors.set(this.trainable[i], tensor));
    return tensors;
  }

  /**
   * Goes on from a checkpoint of the same model and optimizer.
   * @param missing is told the name of a tensor that the checkpoint lacks, and throws
   */
  restore(tensors: ReadonlyMap<string, NamedTensor>, lbfgs: LbfgsState | null, missing: (name: string) => never): void {
    if (this.lbfgs !== null && lbfgs !== null) {
      this.lbfgs.restore(lbfgs);
    }
    for (const prefix of this.savedPrefixes()) {
      for (const name of this.trainable) {
        const tensor = tensors.get(prefix + name);
        if (tensor?.data.length !== this.layout.ranges.get(name)?.length) {
          missing(prefix + name);
        }
        this.states.write(prefix + name, new Float32Array(tensor!.data));
      }
    }
  }

  release(): void {
    this.plans.forEach(({ compiled }) => compiled.release());
    this.plans = [];
    this.lbfgs?.release();
    this.states.release();
    this.store.release();
  }

  /** Runs the passes of a step. @param end what the pass that ends it takes beside, null where no optimizer follows */
  private async evaluate(
    step: number,
    passes: readonly (readonly AugmentedSample[])[],
    end: Inputs | null,
    profile = false,
  ): Promise<Evaluation> {
    const { settings, seed } = this.options;
    const losses = Object.fromEntries(LOSSES.map((name) => [name, 0])) as Record<LossName, number>;
    let loss = 0;
    let gradientNorm: number | null = null;
    let dispatches = 0;
    const times: DispatchTime[] = [];
    for (const [i, batch] of passes.entries()) {
      const last = i === passes.length - 1;
      const plan = await this.plan(batch, last && end !== null);
      const inputs: Inputs = {
        ...Object.fromEntries(
          batch.flatMap((sample, k) =>
            Object.entries(sample.values(plan.shape)).map(([name, value]) => [`image${k}.${name}`, value]),
          ),
        ),
        // without it nothing is drawn
        ...(this.options.sampling.choice === 'first'
          ? {}
          : { [RANDOM]: Uint32Array.of(seed, step * this.options.passes + i) }),
        ...(this.options.passes > 1 ? { [KEEP]: Float32Array.of(i === 0 ? 0 : 1) } : {}),
        ...(last ? end : {}),
      };
      const { outputs, times: passTimes } = await plan.compiled.run(inputs, profile);
      dispatches += plan.compiled.statistics.dispatches;
      times.push(...passTimes);
      const value = (name: string): number => new Float32Array(outputs.get(name)!, 0, 1)[0];
      for (const name of LOSSES) {
        losses[name] += value(name) / passes.length;
        loss += value(name) * settings.passWeights[name];
      }
      gradientNorm = outputs.has(GRADIENT_NORM) ? value(GRADIENT_NORM) : gradientNorm;
    }
    return { losses, loss, gradientNorm, dispatches, times };
  }

  private async plan(batch: readonly AugmentedSample[], ends: boolean): Promise<Plan> {
    const { config, room } = this.options;
    const padded = (side: number): number => Math.ceil(side / config.image.sizeDivisor) * config.image.sizeDivisor;
    this.words = Math.max(this.words, ...batch.map(({ words }) => nextPowerOfTwo(words)));
    const shape: TrainingInputShape = {
      ...room,
      paddedHeight: padded(Math.max(...batch.map(({ height }) => height))),
      paddedWidth: padded(Math.max(...batch.map(({ width }) => width))),
      words: this.words,
    };
    const key = JSON.stringify([shape, batch.length, ends]);
    const known = this.plans.find((plan) => plan.key === key);
    if (known !== undefined) {
      this.plans = [...this.plans.filter((plan) => plan !== known), known];
      return known;
    }
    // made only when there is room again: the largest plan may need all of the device's memory
    const bytes = this.plans.map(({ compiled }) => compiled.statistics.planned);
    let kept = bytes.reduce((sum, planned) => sum + planned, 0) + (bytes.at(-1) ?? 0);
    while (this.plans.length > 0 && kept > PLAN_BYTES_KEPT) {
      const { compiled } = this.plans.shift()!;
      kept -= compiled.statistics.planned;
      compiled.release();
    }
    const compiled = await this.compile(this.graph(shape, batch.length, ends), batch.length, shape);
    const plan = { key, shape, compiled };
    this.plans.push(plan);
    return plan;
  }

  private async compile(graph: Graph, images: number, shape: TrainingInputShape): Promise<CompiledGraph> {
    const { gpu } = this.store;
    const label = `training on ${images} x ${shape.paddedWidth}x${shape.paddedHeight}`;
    const compiled = await CompiledGraph.create(graph, this.store, {
      label,
      states: this.states,
      tuner: this.options.tuner,
    });
    const [needed, available] = [gpu.memory.live, hostMemory()];
    if (gpu.capabilities.software && needed > available) {
      compiled.release();
      throw new DeviceMemoryError(
        label,
        needed,
        'the memory of the machine, whose processor is the adapter,',
        available,
      );
    }
    return compiled;
  }

  private graph(shape: TrainingInputShape, images: number, ends: boolean): Graph {
    const { config, sampling, settings, passes, checkpointing } = this.options;
    const { optimizer, layout } = this;
    return trainingGraph(
      (graph) => Array.from({ length: images }, (_, i) => trainingInputs(graph, `image${i}.`, shape, config.image)),
      {
        config,
        sampling,
        lossWeights: settings.passWeights,
        trainable: new Set(this.trainable),
        accumulate: passes > 1,
        checkpointing,
      },
      ends && optimizer !== null
        ? {
            optimizer,
            ...(settings.clipping === null ? {} : { clipping: settings.clipping }),
            then: (graph) => {
              if (settings.average !== null) {
                addAverage(graph, layout);
              }
            },
          }
        : null,
    );
  }

  /** Of each trainable parameter the values in the arena of this prefix. */
  private async read(prefix: string): Promise<NamedTensor[]> {
    const values = await this.states.read(this.trainable.map((name) => prefix + name));
    return values.map((data, i) => ({ shape: this.shapeOf(this.trainable[i]), data }));
  }

  /** All weights as they were when training began. */
  private untrained(): Map<string, NamedTensor> {
    return new Map([...this.weights].map(([name, data]) => [name, { shape: this.shapeOf(name), data }]));
  }

  /** What goes before the names of parameters in the arenas that a checkpoint holds. */
  private savedPrefixes(): string[] {
    const averages = this.options.settings.average === null ? [] : [AVERAGE];
    return ['', ...[...averages, ...(this.lbfgs?.usedSlots ?? this.slots)].map((arena) => `${arena}/`)];
  }

  private shapeOf(name: string): readonly number[] {
    return this.shapes.get(name) ?? [valueOf(this.weights, name).length];
  }
}

type Inputs = Record<string, InputValues>;

type Evaluation = Omit<StepResult, 'learningRate'>;

function valueOf(weights: ReadonlyMap<string, Float32Array>, name: string): Float32Array {
  const value = weights.get(name);
  if (value === undefined) {
    throw new RangeError(`there is no weight ${name}`);
  }
  return value;
}
