import areaSource from '../../shaders/boxes/area.wgsl';
import linearSource from '../../shaders/lib/linear.wgsl';
import chosenSource from '../../shaders/nms/chosen.wgsl';
import maxCoordinateSource from '../../shaders/nms/max_coordinate.wgsl';
import overlapSource from '../../shaders/nms/overlap.wgsl';
import scanSource from '../../shaders/nms/scan.wgsl';
import sortedBoxesSource from '../../shaders/nms/sorted_boxes.wgsl';
import suppressionsSource from '../../shaders/nms/suppressions.wgsl';
import { f32, u32 } from '../gpu/kernel';
import { linearWalk, read, required, ShapeError, write, type Lowering, type Op, type Operand } from './op';
import { dense, roundUp } from './tensor';
import { ALL_NUMBERS, recordTopK } from './top_k';

const LOWEST = -3.4028234663852886e38;

export interface NmsAttributes {
  /** Boxes with a larger intersection over union than this suppress each other; 0 to 1. */
  readonly threshold: number;
  /** Boxes narrower or lower than this are neither kept nor suppress others (remove_small_boxes); pixels. */
  readonly minSize: number;
}

/**
 * Greedy non-maximum suppression in each of S lists, exact against torchvision.ops.nms on the processor.
 *
 * Inputs, dense: boxes f32 [S, capacity, 4] (x1, y1, x2, y2), each list by descending score; scores f32 [S, capacity];
 * counts u32 [S]; labels u32 [S, capacity] or null: with labels, only boxes of one label suppress each other.
 * Outputs, dense: kept scores f32 [S, capacity], each in its box's place and the lowest f32 (-3.4e38) where the box is not
 * kept; the kept boxes' places u32 [S, capacity], ascending, then zeros; kept counts u32 [S].
 *
 * A matrix of bits says which box would suppress which; a scan a list then chooses. Memory: capacity² / 8 bytes a list.
 */
export const nms: Op<NmsAttributes> = {
  name: 'nms',
  infer([boxes, scores, counts, labels]) {
    if (boxes?.layout !== 'dense' || boxes.shape.length !== 3 || boxes.shape[2] !== 4) {
      throw new ShapeError('nms: boxes must be dense [S, capacity, 4]');
    }
    const list = boxes.shape.slice(0, 2);
    const fits = [scores, labels].every((other) => !other || other.shape.join() === list.join());
    if (!scores || !fits || counts?.shape.join() !== String(list[0])) {
      throw new ShapeError('nms: scores and labels must be [S, capacity] and counts [S]');
    }
    return [dense(list), dense(list, 'u32'), dense([list[0]], 'u32')];
  },
  forward(context, inputs, [scores, indices, counts], attributes) {
    const lists = {
      boxes: required(inputs, 0, 'nms'),
      scores: required(inputs, 1, 'nms'),
      counts: required(inputs, 2, 'nms'),
      labels: inputs[3] ?? null,
    };
    recordNms(context, lists, { scores, indices, counts }, attributes);
  },
};

interface NmsInputs {
  readonly boxes: Operand;
  readonly scores: Operand;
  readonly counts: Operand;
  readonly labels: Operand | null;
}

interface NmsOutputs {
  readonly scores: Operand;
  readonly indices: Operand;
  readonly counts: Operand;
}

function recordNms(
  context: Lowering,
  inputs: NmsInputs,
  outputs: NmsOutputs,
  { threshold, minSize }: NmsAttributes,
): void {
  const { software, subgroupSize } = context.capabilities;
  const [segments, capacity] = inputs.scores.spec.shape;
  if (segments === 0) {
    return;
  }
  const words = Math.ceil(capacity / 32);
  const rowCount = roundUp(capacity, 32);
  const suppressions = context.scratch(dense([segments, words, rowCount], 'u32'));
  const lanes = software ? subgroupSize || 8 : 128;
  // software: few workgroups with many rows, each with words from low (few rows) to high; hardware: many
  const wordStep = software ? Math.min(words, 16) : words;
  const rowsEach = software ? roundUp(capacity, 2048) : lanes * 4;
  const { labels } = inputs;
  if (capacity > 0) {
    context.dispatch({
      kernel: `nms/suppressions${labels === null ? '' : ' labels'}${software ? '' : ' workgroup'}`,
      source: areaSource + overlapSource + suppressionsSource,
      defines: {
        LANES: lanes,
        LABELS: labels !== null,
        PRIVATE_BOXES: software,
        EXACT_DIVISION: software,
      },
      bindings: {
        boxes: read(inputs.boxes, 'vec4f'),
        counts: read(inputs.counts, 'u32'),
        ...(labels === null ? {} : { labels: read(labels, 'u32') }),
        suppressions: write(suppressions, 'u32'),
      },
      params: {
        capacity: u32(capacity),
        words: u32(words),
        rows: u32(rowCount),
        wordStep: u32(wordStep),
        rowsEach: u32(rowsEach),
        threshold: f32(roundDown(threshold)),
        zero: u32(0),
      },
      workgroups: [wordStep, Math.ceil(capacity / rowsEach), segments],
    });
  }
  context.dispatch({
    kernel: 'nms/scan',
    source: scanSource,
    defines: { LANES: lanes, WORDS: scanWords(words) },
    bindings: {
      boxes: read(inputs.boxes, 'vec4f'),
      scores: read(inputs.scores, 'u32'),
      counts: read(inputs.counts, 'u32'),
      suppressions: read(suppressions, 'u32'),
      keptScores: write(outputs.scores, 'u32'),
      keptIndices: write(outputs.indices, 'u32'),
      keptCounts: write(outputs.counts, 'u32'),
    },
    params: { capacity: u32(capacity), words: u32(words), rows: u32(rowCount), minSize: f32(minSize) },
    workgroups: [segments, 1, 1],
  });
}

/** Words that the scan's workgroup memory is declared for: few distinct sizes, so few pipelines. */
function scanWords(words: number): number {
  let size = 128;
  while (size < words) {
    size *= 2;
  }
  return size;
}

/** The largest f32 that is not above a number: torchvision compares f32 overlaps with the f64 threshold. */
function roundDown(value: number): number {
  const nearest = Math.fround(value);
  if (nearest <= value) {
    return nearest;
  }
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, nearest);
  view.setUint32(0, view.getUint32(0) - 1);
  return view.getFloat32(0);
}

/**
 * Non-maximum suppression among boxes of the same label, exact against torchvision.ops.batched_nms on the processor, with
 * its two strategies: up to 4000 coordinates labels are told apart by offsets, beyond by themselves. Equal scores go by
 * index (torchvision sorts them unstably in the second case).
 *
 * Inputs, dense: boxes f32 [N, 4] (its count limits all three), scores f32 [N], labels u32 [N].
 * Outputs: u32 [k], the indices of the first k boxes kept, by descending score, then zeros; their number u32 [1].
 */
export const batchedNms: Op<{ threshold: number; k: number }> = {
  name: 'batchedNms',
  infer([boxes, scores, labels], { k }) {
    const n = boxes?.shape[0] ?? 0;
    if (boxes?.shape.join() !== `${n},4` || scores?.shape.join() !== String(n) || labels?.shape.join() !== String(n)) {
      throw new ShapeError('batchedNms: boxes must be [N, 4], scores and labels [N]');
    }
    return [dense([k], 'u32'), dense([1], 'u32')];
  },
  forward(context, inputs, [chosen, count], { threshold, k }) {
    const boxes = required(inputs, 0, 'batchedNms');
    const scores = required(inputs, 1, 'batchedNms');
    const labels = required(inputs, 2, 'batchedNms');
    const [n] = scores.spec.shape;
    const list = [1, n];
    const sorted = {
      values: context.scratch(dense(list)),
      indices: context.scratch(dense(list, 'u32')),
      counts: context.scratch(dense([1], 'u32')),
      available: context.scratch(dense([1], 'u32')),
    };
    const limited = boxes.count === undefined ? scores : { ...scores, count: boxes.count };
    recordTopK(context, limited, sorted, { k: n, segments: 1 }, ALL_NUMBERS);
    const sortedBoxes = context.scratch(dense([1, n, 4]));
    const sortedLabels = context.scratch(dense(list, 'u32'));
    if (n > 0) {
      recordSortedBoxes(context, { boxes, labels, ...sorted }, sortedBoxes, sortedLabels);
    }
    const kept = {
      scores: context.scratch(dense(list)),
      indices: context.scratch(dense(list, 'u32')),
      counts: context.scratch(dense([1], 'u32')),
    };
    const lists = { boxes: sortedBoxes, scores: sorted.values, counts: sorted.counts, labels: sortedLabels };
    recordNms(context, lists, kept, { threshold, minSize: LOWEST });
    const walk = linearWalk(context.capabilities, Math.max(1, k));
    context.dispatch({
      kernel: 'nms/chosen',
      source: linearSource + chosenSource,
      defines: walk.defines,
      bindings: {
        order: read(sorted.indices, 'u32'),
        kept: read(kept.indices, 'u32'),
        keptCounts: read(kept.counts, 'u32'),
        chosen: write(chosen, 'u32'),
        count: write(count, 'u32'),
      },
      params: { k: u32(k) },
      workgroups: walk.workgroups,
    });
  },
};

function recordSortedBoxes(
  context: Lowering,
  inputs: { boxes: Operand; labels: Operand; indices: Operand; counts: Operand },
  sortedBoxes: Operand,
  sortedLabels: Operand,
): void {
  const length = inputs.boxes.spec.shape[0];
  const walk = linearWalk(context.capabilities, length);
  const maximum = context.scratch(dense([1]));
  context.dispatch({
    kernel: 'nms/max_coordinate',
    source: maxCoordinateSource,
    defines: { LANES: walk.defines.LANES },
    bindings: {
      boxes: read(inputs.boxes, 'vec4f'),
      counts: read(inputs.counts, 'u32'),
      maximum: write(maximum, 'f32'),
    },
    params: { length: u32(length) },
    workgroups: [1, 1, 1],
  });
  context.dispatch({
    kernel: 'nms/sorted_boxes',
    source: linearSource + sortedBoxesSource,
    defines: walk.defines,
    bindings: {
      boxes: read(inputs.boxes, 'vec4f'),
      labels: read(inputs.labels, 'u32'),
      order: read(inputs.indices, 'u32'),
      counts: read(inputs.counts, 'u32'),
      maximum: read(maximum, 'f32'),
      sortedBoxes: write(sortedBoxes, 'vec4f'),
      sortedLabels: write(sortedLabels, 'u32'),
    },
    params: { length: u32(length), zero: u32(0) },
    workgroups: walk.workgroups,
  });
}
