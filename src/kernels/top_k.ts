import compactSource from '../../shaders/sort/compact.wgsl';
import compactCountSource from '../../shaders/sort/compact_count.wgsl';
import keysSource from '../../shaders/sort/keys.wgsl';
import scoresSource from '../../shaders/sort/scores.wgsl';
import selectCountSource from '../../shaders/sort/select_count.wgsl';
import selectDigitSource from '../../shaders/sort/select_digit.wgsl';
import type { Capabilities } from '../gpu/capabilities';
import { u32, type Param } from '../gpu/kernel';
import { read, required, ShapeError, write, type Lowering, type Op, type Operand, type OpKernelCall } from './op';
import { radixSize, recordSegmentSort } from './sort';
import { dense, pitch, product, rows, storedLength, type TensorSpec } from './tensor';

export interface TopKAttributes {
  /** How many of each segment, at most its length. */
  readonly k: number;
  /** A number S: the flattened scores are [S, L]. 'columns': they are [R, C] and each column is a segment. */
  readonly segments: number | 'columns';
  /** Of 'columns', the first one that is a segment. */
  readonly firstColumn?: number;
  /** Only scores above it count; left out, all but -infinity and NaN. Compared in f32. */
  readonly above?: number;
}

/**
 * The k largest scores of each segment, descending; of equal scores the one with the lower index comes first.
 *
 * Input: scores f32 in any shape and layout (channel padding is not part of a segment); its count limits the items of
 * axis 0 that take part. Outputs, dense: values f32 [S, k], indices u32 [S, k] within the segment (for columns: the row),
 * counts u32 [S] = min(k, valid scores), available u32 [S] = valid scores. Past the count values are the lowest f32
 * (-3.4e38) and indices 0. -0 equals +0.
 *
 * Radix select from the highest digit (Alabi et al., Fast k-selection algorithms for graphics processing units, 2012),
 * stable compaction, then a stable radix sort of what was selected.
 * @throws ShapeError where a segment does not hold whole rows of a padded tensor
 */
export const topK: Op<TopKAttributes> = {
  name: 'topK',
  infer([scores], attributes) {
    if (scores?.dtype !== 'f32') {
      throw new ShapeError('topK: scores must be f32');
    }
    const { segments } = segmentation(scores, attributes);
    const list = [segments, attributes.k];
    return [dense(list), dense(list, 'u32'), dense([segments], 'u32'), dense([segments], 'u32')];
  },
  forward(context, inputs, [values, indices, counts, available], attributes) {
    const scores = required(inputs, 0, 'topK');
    recordTopK(
      context,
      scores,
      { values, indices, counts, available },
      attributes,
      keyOf(attributes.above ?? -Infinity),
    );
  },
};

export interface TopKOutputs {
  readonly values: Operand;
  readonly indices: Operand;
  readonly counts: Operand;
  readonly available: Operand;
}

/** Below the key of -infinity, above that of NaN: all numbers count. */
export const ALL_NUMBERS = 0;

/** The order-preserving bit pattern that keys.wgsl makes of an f32. */
function keyOf(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  const bits = view.getUint32(0);
  return bits > 0x80000000 ? ~bits >>> 0 : (bits | 0x80000000) >>> 0;
}

/** Where the segments of a tensor lie in memory: see shaders/sort/scores.wgsl. */
interface Segmentation {
  readonly segments: number;
  readonly length: number;
  readonly slots: number;
  readonly firstSlot: number;
  readonly segmentStride: number;
  readonly slotStride: number;
  readonly period: number;
  readonly used: number;
  /** Slots that an item of axis 0, and a segment, has; for segments side by side the latter is 0. */
  readonly itemSlots: number;
  readonly segmentSlots: number;
}

function segmentation(spec: TensorSpec, { segments, k, firstColumn = 0 }: TopKAttributes): Segmentation {
  const columns = spec.shape.at(-1) ?? 1;
  const stride = pitch(spec);
  const items = Math.max(1, spec.shape[0] ?? 1);
  if (segments === 'columns') {
    const length = rows(spec);
    if (firstColumn > columns || k > length) {
      throw new ShapeError(`topK: ${k} of each column from ${firstColumn} on, of [${spec.shape.join(', ')}]`);
    }
    return {
      segments: columns - firstColumn,
      length,
      slots: length,
      firstSlot: firstColumn,
      segmentStride: 1,
      slotStride: stride,
      period: 1,
      used: 1,
      itemSlots: length / items,
      segmentSlots: 0,
    };
  }
  const total = product(spec.shape);
  const length = segments === 0 ? 0 : total / segments;
  const padded = stride !== columns;
  if (!Number.isInteger(length) || k > length || (padded && length % columns !== 0)) {
    throw new ShapeError(`topK: ${k} of each of ${segments} segments of [${spec.shape.join(', ')}]`);
  }
  const slots = segments === 0 ? 0 : storedLength(spec) / segments;
  return {
    segments,
    length,
    slots,
    firstSlot: 0,
    segmentStride: slots,
    slotStride: 1,
    period: padded ? stride : 1,
    used: padded ? columns : 1,
    itemSlots: spec.shape.length > 1 ? storedLength(spec) / items : 1,
    segmentSlots: slots,
  };
}

/** Workgroups and slots per invocation for the walk over one segment. */
function scoreWalk(capabilities: Capabilities, slots: number): { groups: number; chunk: number } {
  const { lanes } = radixSize(capabilities);
  const [perGroup, most] = capabilities.software ? [8192, 8] : [lanes * 16, 64];
  const groups = Math.min(most, Math.max(1, Math.ceil(slots / perGroup)));
  return { groups, chunk: Math.ceil(slots / (groups * lanes)) };
}

/** Digits of the select, from the highest: where the known digits end, where this one ends, its bins. */
const SELECT_DIGITS = [
  { prefixShift: 32, digitShift: 21, bins: 2048 },
  { prefixShift: 21, digitShift: 10, bins: 2048 },
  { prefixShift: 10, digitShift: 0, bins: 1024 },
];

type Bindings = OpKernelCall['bindings'];

/** Records topK. Only keys above `aboveKey` count. */
export function recordTopK(
  context: Lowering,
  scores: Operand,
  { values, indices, counts, available }: TopKOutputs,
  attributes: TopKAttributes,
  aboveKey: number,
): void {
  const { k } = attributes;
  const { segments, length, ...place } = segmentation(scores.spec, attributes);
  if (segments === 0) {
    return;
  }
  const { lanes } = radixSize(context.capabilities);
  const { groups, chunk } = scoreWalk(context.capabilities, place.slots);
  const select = length > k && k > 0;
  const hasCount = scores.count !== undefined;
  const bindings: Bindings = {
    scores: read(scores, 'u32'),
    ...(scores.count === undefined ? {} : { count: read(scores.count, 'u32') }),
  };
  const params: Record<string, Param> = { k: u32(k), aboveKey: u32(aboveKey), chunk: u32(chunk) };
  for (const [name, value] of Object.entries(place)) {
    params[name] = u32(value);
  }
  const defines = { LANES: lanes, HAS_COUNT: hasCount, SELECT: select };
  const code = keysSource + scoresSource;
  const variant = `${select ? ' selected' : ''}${hasCount ? ' counted' : ''}`;
  const state = context.scratch(dense([segments, 4], 'u32'));
  if (select) {
    const histograms = context.scratch(dense([segments, groups, 2048], 'u32'));
    for (const { prefixShift, digitShift, bins } of SELECT_DIGITS) {
      const digit = { prefixShift: u32(prefixShift), digitShift: u32(digitShift), bins: u32(bins) };
      context.dispatch({
        kernel: `sort/select_count${hasCount ? ' counted' : ''}`,
        source: code + selectCountSource,
        defines: { LANES: lanes, HAS_COUNT: hasCount, BINS: 2048 },
        bindings: { ...bindings, state: read(state, 'vec4u'), histograms: write(histograms, 'u32') },
        params: { ...params, ...digit },
        workgroups: [groups, segments, 1],
      });
      context.dispatch({
        kernel: 'sort/select_digit',
        source: selectDigitSource,
        defines: { LANES: lanes },
        bindings: { histograms: read(histograms, 'u32'), state: write(state, 'vec4u') },
        params: { k: u32(k), aboveKey: u32(aboveKey), groups: u32(groups), ...digit },
        workgroups: [segments, 1, 1],
      });
    }
  }
  const laneCounts = context.scratch(dense([segments, groups, lanes, 2], 'u32'));
  const groupCounts = context.scratch(dense([segments, groups, 2], 'u32'));
  const pairs = context.scratch(dense([2, segments, k, 2], 'u32'));
  const selected: Bindings = select ? { state: read(state, 'vec4u') } : {};
  context.dispatch({
    kernel: `sort/compact_count${variant}`,
    source: code + compactCountSource,
    defines,
    bindings: {
      ...bindings,
      ...selected,
      laneCounts: write(laneCounts, 'vec2u'),
      groupCounts: write(groupCounts, 'vec2u'),
    },
    params,
    workgroups: [groups, segments, 1],
  });
  context.dispatch({
    kernel: `sort/compact${variant}`,
    source: code + compactSource,
    defines,
    bindings: {
      ...bindings,
      ...selected,
      laneCounts: read(laneCounts, 'vec2u'),
      groupCounts: read(groupCounts, 'vec2u'),
      pairs: write(pairs, 'vec2u'),
      taken: write(counts, 'u32'),
      available: write(available, 'u32'),
    },
    params,
    workgroups: [groups, segments, 1],
  });
  recordSegmentSort(context, pairs, counts, values, indices);
}
