import { packGeometry, plainGeometry } from '../../kernels/augment/geometry';
import { product, storedLength, type TensorSpec } from '../../kernels/tensor';
import { packRectangles } from '../../train/augment/placement';
import { formula } from '../formula';

interface Size {
  readonly height: number;
  readonly width: number;
}

/** The image that a workload is about, in pixels: as it comes, and as the model takes it. */
export interface Scene {
  readonly source: Size;
  readonly resized: Size;
}

export type Values = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

type Specs = readonly (TensorSpec | null)[];

/** One input of a node, with what its values depend on. */
interface Place {
  readonly spec: TensorSpec;
  readonly index: number;
  /** Specs of all inputs of the node. */
  readonly inputs: Specs;
  readonly scene: Scene;
}

/** Values of one input, of the input's stored length. */
type Maker = (place: Place) => Values;

/**
 * Values for one input of an op: what it takes for boxes, indices, labels and counts is such, with all lists full; numbers
 * are by formula, in [-1, 1), and whole numbers are 0.
 */
export function inputValues(opName: string, index: number, inputs: Specs, scene: Scene): Values {
  const spec = inputs[index];
  if (spec === null) {
    throw new RangeError(`${opName}: input ${index} is missing`);
  }
  const makers = MAKERS[opName] ?? [];
  const maker = IN_TURN.has(opName) ? makers[index % makers.length] : makers[index];
  return (maker ?? numbers)({ spec, index, inputs, scene });
}

/** Boxes x1, y1, x2, y2 over the image, their sides from 16 pixels to half of it, evenly in the logarithm. */
export function formulaBoxes(n: number, { height, width }: Size): [number, number, number, number][] {
  const random = formula(n * 4, BOX_SEED).map((value) => (value + 1) / 2);
  const largest = Math.max(SMALLEST_SIDE, Math.min(height, width) / 2);
  const side = (share: number): number => SMALLEST_SIDE * (largest / SMALLEST_SIDE) ** share;
  return Array.from({ length: n }, (_, i) => {
    const [x, y, across, down] = random.subarray(i * 4);
    const [w, h] = [Math.min(width, side(across)), Math.min(height, side(down))];
    return [x * (width - w), y * (height - h), x * (width - w) + w, y * (height - h) + h];
  });
}

const BOX_SEED = 1;
const SMALLEST_SIDE = 16;

/** Numbers by formula are repeated from here on: they take long to make, and no time depends on them. */
const PERIOD = 2 ** 20;
let period: Float32Array | undefined;

export function formulaNumbers(length: number): Float32Array<ArrayBuffer> {
  period ??= formula(PERIOD, 2);
  const values = new Float32Array(length);
  for (let at = 0; at < length; at += PERIOD) {
    values.set(period.subarray(0, Math.min(PERIOD, length - at)), at);
  }
  return values;
}

const numbers: Maker = ({ spec }) =>
  spec.dtype === 'f32' ? formulaNumbers(storedLength(spec)) : new Uint32Array(storedLength(spec));

const zeros: Maker = ({ spec }) => new Float32Array(storedLength(spec));

const boxes: Maker = ({ spec: { shape }, scene }) =>
  Float32Array.from(formulaBoxes(product(shape.slice(0, -1)), scene.resized).flat());

/** Of each list, descending from 1. */
const scores: Maker = ({ spec: { shape } }) => {
  const length = shape.at(-1) ?? 1;
  return Float32Array.from({ length: product(shape) }, (_, i) => 1 - (i % length) / length);
};

const probabilities: Maker = ({ spec }) => formulaNumbers(storedLength(spec)).map((value) => (value + 1) / 2);

/** The same whole number everywhere. */
const whole =
  (value: (inputs: Specs) => number): Maker =>
  ({ spec, inputs }) =>
    new Uint32Array(storedLength(spec)).fill(value(inputs));

/** Whole numbers from `first` up to `end`, spread over them, distinct as far as there are enough. */
const spread =
  (end: (inputs: Specs) => number, first = 0): Maker =>
  ({ spec, inputs }) => {
    const range = Math.max(1, end(inputs) - first);
    const length = storedLength(spec);
    const stride = Math.max(1, Math.floor(range / length));
    return Uint32Array.from({ length }, (_, i) => first + ((i * stride) % range));
  };

/** Of each four candidates one belongs to an object, the others are background (-1). */
const matches =
  (objects: (inputs: Specs) => number): Maker =>
  ({ spec, inputs }) =>
    Uint32Array.from({ length: storedLength(spec) }, (_, i) => (i % 4 === 0 ? (i / 4) % objects(inputs) : 0xffffffff));

const imageInfo: Maker = ({ scene: { source, resized } }) =>
  Uint32Array.of(source.height, source.width, resized.height, resized.width);
const geometry: Maker = ({ scene: { source, resized } }) => packGeometry(plainGeometry(source, resized));
const placements =
  (which: keyof Scene): Maker =>
  ({ spec: { shape }, scene }) =>
    packRectangles(formulaBoxes(shape[0], scene[which]), scene[which]).placements;
/** All of the list that stands before it, dense [1, k, ...]. */
const listLength: Maker = ({ index, inputs }) => Uint32Array.of(inputs[index - 1]?.shape[1] ?? 0);
/** An object's first and last column and row, and its pixels: many enough to be kept. */
const extents = whole(() => 256);

/** The size of an axis of an input. */
const axis =
  (input: number, dimension: number) =>
  (inputs: Specs): number =>
    inputs[input]?.shape.at(dimension) ?? 1;
/** The rows of an input whose last axis is the inner one. */
const rowsOf =
  (input: number) =>
  (inputs: Specs): number =>
    product(inputs[input]?.shape.slice(0, -1) ?? []);
const half =
  (size: (inputs: Specs) => number) =>
  (inputs: Specs): number =>
    Math.floor(size(inputs) / 2);
/** Anchors of all levels, from gatherAnchors' maps of logits. */
const anchors = (inputs: Specs): number =>
  inputs.reduce((sum, spec, i) => sum + (i >= 2 && i % 2 === 0 ? product(spec?.shape ?? []) : 0), 0);
/** Regression deltas are by groups of four, one for each class. */
const boxClasses = (inputs: Specs): number => axis(0, -1)(inputs) / 4;

/** Ops that take any number of lists: what their inputs are repeats. */
const IN_TURN: ReadonlySet<string> = new Set(['stackLists', 'meanOverImages']);

/** By op, what its inputs are; undefined for numbers. */
const MAKERS: Readonly<Record<string, readonly (Maker | undefined)[]>> = {
  preprocessImage: [undefined, imageInfo],
  warpImage: [undefined, geometry],
  warpMasks: [placements('source'), placements('resized'), whole(axis(0, 0)), undefined, geometry],
  keepObjects: [boxes, placements('source'), whole(axis(0, 0)), extents, geometry],
  decodeBoxes: [undefined, boxes, spread(axis(1, 0)), whole(axis(2, 1)), imageInfo],
  stackLists: [undefined, listLength],
  nms: [boxes, scores, whole(axis(1, 1))],
  gatherRows: [undefined, spread(rowsOf(0))],
  roiAlign: [boxes],
  roiAlignGradient: [boxes],
  segmentLabels: [spread(axis(0, 0))],
  classMasks: [undefined, undefined, undefined, spread(axis(1, 0))],
  rescaleBoxes: [boxes, imageInfo],
  pasteToRle: [probabilities, boxes, imageInfo],
  matchBoxes: [boxes, boxes],
  sampleBalanced: [matches(() => 100)],
  gatherAnchors: [spread(anchors), whole(axis(0, 0))],
  scatterAnchors: [spread(axis(0, 0)), whole(axis(0, 0))],
  encodeBoxes: [spread(axis(2, 0)), whole(axis(0, 0)), boxes, matches(axis(4, 0)), boxes],
  appendObjects: [boxes, boxes],
  sampleClasses: [spread(axis(2, 0)), whole(axis(0, 0)), matches(axis(3, 0)), spread(() => 2, 1)],
  objectnessLoss: [undefined, whole(axis(0, 0)), whole(half(axis(0, 0)))],
  objectnessLossGradient: [undefined, undefined, whole(axis(1, 0)), whole(half(axis(1, 0)))],
  boxLoss: [undefined, undefined, whole(axis(0, 0)), spread(boxClasses, 1)],
  boxLossGradient: [undefined, undefined, whole(axis(0, 0)), spread(boxClasses, 1)],
  classLoss: [undefined, spread(axis(0, -1)), whole(axis(0, 0))],
  classLossGradient: [undefined, spread(axis(0, -1)), whole(axis(0, 0))],
  maskTargets: [boxes, spread(axis(3, 0)), whole(axis(0, 0)), placements('resized'), undefined, imageInfo],
  maskLoss: [undefined, probabilities, spread(axis(0, -1)), whole(axis(0, 0))],
  maskLossGradient: [undefined, probabilities, spread(axis(0, -1)), whole(axis(0, 0))],
  meanOverImages: [undefined, whole(() => 100)],
  // what the optimizer is told for its step: 0, so that the parameters stay as they are however often it runs
  updateParameters: [undefined, undefined, zeros],
};
