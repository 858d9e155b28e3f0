import channelsSource from '../../shaders/lib/channels.wgsl';
import applySource from '../../shaders/normalise/apply.wgsl';
import columnsSource from '../../shaders/normalise/columns.wgsl';
import countBatchSource from '../../shaders/normalise/count_batch.wgsl';
import gradientApplySource from '../../shaders/normalise/gradient_apply.wgsl';
import gradientGroupsSource from '../../shaders/normalise/gradient_groups.wgsl';
import gradientParametersSource from '../../shaders/normalise/gradient_parameters.wgsl';
import gradientPartsSource from '../../shaders/normalise/gradient_parts.wgsl';
import gradientSumsSource from '../../shaders/normalise/gradient_sums.wgsl';
import momentsGroupsSource from '../../shaders/normalise/moments_groups.wgsl';
import momentsMergeSource from '../../shaders/normalise/moments_merge.wgsl';
import momentsPartsSource from '../../shaders/normalise/moments_parts.wgsl';
import runsSource from '../../shaders/normalise/runs.wgsl';
import { f32, u32, type Param } from '../gpu/kernel';
import { dispatchItems } from './itemwise';
import { read, required, ShapeError, write, type Lowering, type Op, type Operand, type OpKernelCall } from './op';
import { dense, pitch, product, rows, type TensorSpec } from './tensor';

/** What mean and variance are taken over. */
export interface Statistics {
  /** The items of the first axis apart, or all together. */
  readonly of: 'items' | 'batch';
  /** Channels that have them in common: C / groups each. */
  readonly groups: number;
}

/** Rows of a run at least, and runs at most: enough of them for every core, few enough for the passes that merge them. */
const ROWS_A_RUN = 64;
const MAX_RUNS = 1024;
/** Rows of a run where nothing is summed. Hardware wants many invocations, a software adapter long runs. */
const ROWS_A_WALK = { software: 64, hardware: 8 };

function segmentsOf({ shape }: TensorSpec, { of }: Statistics): number {
  return of === 'items' ? shape[0] : 1;
}

/** The shape of a mean: a value for each group, of each item where these are apart. */
export function statisticsSpec(x: TensorSpec, statistics: Statistics): TensorSpec {
  return dense(statistics.of === 'items' ? [x.shape[0], statistics.groups] : [statistics.groups]);
}

/** @throws ShapeError unless x is channels4 with whole groups of channels, and each parameter [C] or null */
export function checkNormalised(
  x: TensorSpec,
  parameters: readonly (TensorSpec | null | undefined)[],
  groups: number,
  op: string,
): void {
  const channels = x.shape.at(-1) ?? 1;
  if (x.layout !== 'channels4' || x.dtype !== 'f32' || x.shape.length < 2) {
    throw new ShapeError(`${op}: the input [${x.shape.join(', ')}] is no matrix or feature map`);
  }
  if (!(groups >= 1 && channels >= 1 && channels % groups === 0)) {
    throw new ShapeError(`${op}: ${channels} channels do not fall into ${groups} groups`);
  }
  parameters.forEach((spec, i) => {
    if (spec && (spec.shape.join() !== String(channels) || spec.dtype !== 'f32')) {
      throw new ShapeError(`${op}: parameter ${i} is [${spec.shape.join(', ')}], expected [${channels}]`);
    }
  });
}

/** @throws ShapeError unless weight and bias are given both or not at all */
export function checkPair(
  weight: TensorSpec | null | undefined,
  bias: TensorSpec | null | undefined,
  op: string,
): void {
  if (!weight !== !bias) {
    throw new ShapeError(`${op}: weight and bias are given both or not at all`);
  }
}

/** The rows of x cut into runs, as shaders/normalise/runs.wgsl has them. */
class Runs {
  readonly segments: number;
  readonly groups: number;
  readonly channels: number;
  /** Items of a kernel that goes over the columns of all runs. */
  readonly columns: number;
  readonly runs: number;
  private readonly params: Record<string, Param>;

  constructor(
    private readonly x: Operand,
    statistics: Statistics,
    rowsAtLeast: number,
    runsAtMost: number,
  ) {
    const { spec } = x;
    this.segments = segmentsOf(spec, statistics);
    this.groups = statistics.groups;
    this.channels = spec.shape.at(-1) ?? 1;
    const segmentRows = this.segments === 0 ? 0 : rows(spec) / this.segments;
    const most = Math.max(1, Math.floor(runsAtMost / Math.max(1, this.segments)));
    const rowsPerRun = Math.max(rowsAtLeast, Math.ceil(segmentRows / most));
    this.runs = Math.ceil(segmentRows / rowsPerRun);
    const columns4 = pitch(spec) / 4;
    this.columns = this.segments * this.runs * columns4;
    this.params = {
      rows: u32(rows(spec)),
      rows_per_item: u32(product(spec.shape.slice(1, -1))),
      segments: u32(this.segments),
      segment_rows: u32(segmentRows),
      rows_per_run: u32(rowsPerRun),
      runs: u32(this.runs),
      columns4: u32(columns4),
      channels: u32(this.channels),
      groups: u32(this.groups),
      group_size: u32(this.channels / this.groups),
    };
  }

  /** Memory for two rows of channels a run. */
  parts(context: Lowering): Operand {
    return context.scratch(dense([this.segments * this.runs, 2, pitch(this.x.spec)]));
  }

  dispatch(context: Lowering, length: number, call: Omit<OpKernelCall, 'workgroups'>): void {
    const { count } = this.x;
    dispatchItems(context, length, {
      ...call,
      source: runsSource + call.source,
      defines: { ...call.defines, LIMITED: count !== undefined },
      bindings: { ...call.bindings, ...(count === undefined ? {} : { limit: read(count, 'u32') }) },
      params: { ...this.params, ...call.params },
    });
  }
}

function summed(x: Operand, statistics: Statistics): Runs {
  return new Runs(x, statistics, ROWS_A_RUN, MAX_RUNS);
}

function walked(context: Lowering, x: Operand, statistics: Statistics): Runs {
  return new Runs(x, statistics, ROWS_A_WALK[context.capabilities.software ? 'software' : 'hardware'], Infinity);
}

/** Averages over runs of the graph, as torch.nn.BatchNorm2d keeps them: new = old + momentum (of this batch - old). */
export interface RunningAverages {
  readonly mean: Operand;
  /** Of the unbiased variance. */
  readonly variance: Operand;
  /** How many batches they have seen, f32 [1]; counted on. */
  readonly batches: Operand | null;
  /** null: 1 / batches, so that all have the same weight. */
  readonly momentum: number | null;
}

/**
 * Mean and (biased) variance of x, in two or three passes whose order depends on the shape alone. Only the items that its
 * count says are in use take part; of none of them both are 0. Fewer than two values leave the running averages alone.
 */
export function recordMoments(
  context: Lowering,
  x: Operand,
  statistics: Statistics,
  { mean, variance }: { readonly mean: Operand; readonly variance: Operand },
  running: RunningAverages | null,
): void {
  const runs = summed(x, statistics);
  const parts = runs.parts(context);
  runs.dispatch(context, runs.columns, {
    kernel: 'normalise/moments_parts',
    source: momentsPartsSource,
    bindings: { x: read(x, 'vec4f'), parts: write(parts, 'vec4f') },
  });
  const grouped = runs.groups !== runs.channels;
  const channelMoments = grouped ? context.scratch(dense([runs.segments, runs.channels, 2])) : null;
  const results = { mean: write(mean, 'f32'), variance: write(variance, 'f32') };
  const cumulative = running !== null && running.momentum === null;
  runs.dispatch(context, runs.segments * runs.channels, {
    kernel: `normalise/moments_merge${grouped ? ' grouped' : ''}${running === null ? '' : cumulative ? ' cumulative' : ' tracked'}`,
    source: momentsMergeSource,
    defines: { GROUPED: grouped, TRACKED: running !== null, CUMULATIVE: cumulative },
    bindings: {
      parts: read(parts, 'f32'),
      ...(channelMoments === null ? results : { channel_moments: write(channelMoments, 'vec2f') }),
      ...(running === null
        ? {}
        : { running_mean: write(running.mean, 'f32'), running_variance: write(running.variance, 'f32') }),
      // only read, but it may lie in the buffer of the others, which a dispatch may not both read and write
      ...(cumulative && running.batches !== null ? { batches: write(running.batches, 'f32') } : {}),
    },
    params: running === null || running.momentum === null ? {} : { momentum: f32(running.momentum) },
  });
  if (running !== null && running.batches !== null) {
    runs.dispatch(context, 1, {
      kernel: 'normalise/count_batch',
      source: countBatchSource,
      bindings: { batches: write(running.batches, 'f32') },
    });
  }
  if (channelMoments !== null) {
    runs.dispatch(context, runs.segments * runs.groups, {
      kernel: 'normalise/moments_groups',
      source: momentsGroupsSource,
      bindings: { channel_moments: read(channelMoments, 'vec2f'), ...results },
    });
  }
}

/** By what x is normalised; weight and bias are null together. */
export interface Normalisation {
  readonly mean: Operand;
  readonly variance: Operand;
  readonly weight: Operand | null;
  readonly bias: Operand | null;
  readonly eps: number;
}

/** y = (x - mean) / sqrt(variance + eps) * weight + bias. */
export function recordNormalise(
  context: Lowering,
  x: Operand,
  statistics: Statistics,
  { mean, variance, weight, bias, eps }: Normalisation,
  y: Operand,
): void {
  const runs = walked(context, x, statistics);
  const affine = weight !== null && bias !== null;
  runs.dispatch(context, runs.columns, {
    kernel: `normalise/apply${affine ? '' : ' plain'}`,
    source: channelsSource + columnsSource + applySource,
    defines: { AFFINE: affine },
    bindings: {
      x: read(x, 'vec4f'),
      mean: read(mean, 'f32'),
      variance: read(variance, 'f32'),
      ...(affine ? { weight: read(weight, 'f32'), bias: read(bias, 'f32') } : {}),
      y: write(y, 'vec4f'),
    },
    params: { eps: f32(eps) },
  });
}

export interface NormaliseGradientAttributes {
  readonly statistics: Statistics;
  readonly eps: number;
  /** Mean and variance were computed from x, so that they carry gradients too. */
  readonly ownMoments: boolean;
}

/**
 * The gradients of what recordNormalise() computes. Inputs: dy and x, alike; mean, variance; weight [C] or null.
 * Outputs: dx as x, and the gradients of weight and bias [C].
 */
export const normaliseGradient: Op<NormaliseGradientAttributes> = {
  name: 'normaliseGradient',
  infer(inputs) {
    const x = required(inputs, 1, 'normaliseGradient');
    const channels = dense(x.shape.slice(-1));
    return [x, channels, channels];
  },
  forward(context, inputs, [dx, dWeight, dBias], { statistics, eps, ownMoments }) {
    const [dy, x, mean, variance] = [0, 1, 2, 3].map((i) => required(inputs, i, 'normaliseGradient'));
    const weight = inputs[4] ?? null;
    const moments = { mean: read(mean, 'f32'), variance: read(variance, 'f32') };
    const factors: OpKernelCall['bindings'] = weight === null ? {} : { weight: read(weight, 'f32') };
    const defines = { AFFINE: weight !== null, OWN_MOMENTS: ownMoments };
    const suffix = weight === null ? ' plain' : '';
    const runs = summed(x, statistics);
    const parts = runs.parts(context);
    runs.dispatch(context, runs.columns, {
      kernel: 'normalise/gradient_parts',
      source: channelsSource + columnsSource + gradientPartsSource,
      defines: { AFFINE: false },
      bindings: { dy: read(dy, 'vec4f'), x: read(x, 'vec4f'), ...moments, parts: write(parts, 'vec4f') },
      params: { eps: f32(eps) },
    });
    const sums = context.scratch(dense([runs.segments, runs.channels, 2]));
    runs.dispatch(context, runs.segments * runs.channels, {
      kernel: 'normalise/gradient_sums',
      source: gradientSumsSource,
      bindings: { parts: read(parts, 'f32'), sums: write(sums, 'vec2f') },
    });
    runs.dispatch(context, runs.channels, {
      kernel: 'normalise/gradient_parameters',
      source: gradientParametersSource,
      bindings: { sums: read(sums, 'vec2f'), d_weight: write(dWeight, 'f32'), d_bias: write(dBias, 'f32') },
    });
    const means = ownMoments ? context.scratch(dense([runs.segments, runs.groups, 2])) : null;
    if (means !== null) {
      runs.dispatch(context, runs.segments * runs.groups, {
        kernel: `normalise/gradient_groups${suffix}`,
        source: gradientGroupsSource,
        defines,
        bindings: { sums: read(sums, 'vec2f'), ...factors, means: write(means, 'vec2f') },
      });
    }
    const walk = walked(context, x, statistics);
    walk.dispatch(context, walk.columns, {
      kernel: `normalise/gradient_apply${suffix}${ownMoments ? '' : ' given'}`,
      source: channelsSource + columnsSource + gradientApplySource,
      defines,
      bindings: {
        dy: read(dy, 'vec4f'),
        ...moments,
        ...factors,
        ...(means === null ? {} : { x: read(x, 'vec4f'), means: read(means, 'vec2f') }),
        dx: write(dx, 'vec4f'),
      },
      params: { eps: f32(eps) },
    });
  },
};
