import combineSource from '../../../shaders/optimizers/combine.wgsl';
import partsSource from '../../../shaders/optimizers/parts.wgsl';
import { u32 } from '../../gpu/kernel';
import { dispatchItems, dispatchItemwise, vec4Units } from '../itemwise';
import { read, required, ShapeError, write, type Lowering, type Op, type Operand } from '../op';
import { dense, storedLength, type TensorSpec } from '../tensor';

/** What is summed of a chunk's elements, or for `largest`: their largest magnitude. */
export type ReducingFunction = 'squares' | 'products' | 'magnitudes' | 'largest';

/** Parts of a chunk at most: many enough for every lane of a large GPU, few enough for what is done with them next. */
const PARTS_A_CHUNK = 16384;
/** Vec4s that a part takes in at least. */
const UNITS_A_PART = 16;

/** How many parts a chunk is reduced to. */
export function partsOf(chunk: TensorSpec): number {
  return Math.min(PARTS_A_CHUNK, Math.ceil(storedLength(chunk) / 4 / UNITS_A_PART));
}

/** Reduces a chunk (and for products a second one of its length) to partsOf() numbers, from `first` on in `parts`. */
export function dispatchParts(
  context: Lowering,
  name: ReducingFunction,
  [a, b]: readonly (Operand | null | undefined)[],
  parts: Operand,
  first: number,
): void {
  const chunk = required([a ?? null], 0, 'reduceChunk');
  const length = partsOf(chunk.spec);
  dispatchItems(context, length, {
    kernel: `optimizers/parts ${name}`,
    source: partsSource,
    defines: { FUNCTION: name },
    bindings: { a: read(chunk, 'vec4f'), ...(b ? { b: read(b, 'vec4f') } : {}), parts: write(parts, 'f32') },
    params: { units: u32(storedLength(chunk.spec) / 4), stride: u32(length), first_part: u32(first) },
  });
}

/**
 * A chunk of an arena reduced to a few thousand numbers, for the host to finish in f64. Inputs: the chunk, for `products`
 * another one of its length. Output: parts [partsOf()]. The order of the additions depends on the length alone.
 */
export const reduceChunk: Op<{ function: ReducingFunction }> = {
  name: 'reduceChunk',
  infer(inputs, { function: name }) {
    const a = required(inputs, 0, 'reduceChunk');
    const b = name === 'products' ? required(inputs, 1, 'reduceChunk') : a;
    checkChunks('reduceChunk', a, b);
    return [dense([partsOf(a)])];
  },
  forward: (context, inputs, [parts], { function: name }) => dispatchParts(context, name, inputs, parts, 0),
};

/**
 * y = by_x x + by_y y for chunks of one length, y a state; factors [2] = by_x, by_y. With by_y 0 what y held does not
 * matter.
 */
export const combineChunks: Op<Record<string, never>> = {
  name: 'combineChunks',
  updates: [0],
  infer(inputs) {
    checkChunks('combineChunks', required(inputs, 0, 'combineChunks'), required(inputs, 1, 'combineChunks'));
    return [];
  },
  forward(context, inputs) {
    const y = required(inputs, 0, 'combineChunks');
    dispatchItemwise(context, {}, vec4Units(y.spec), {
      kernel: 'optimizers/combine',
      source: combineSource,
      bindings: {
        x: read(required(inputs, 1, 'combineChunks'), 'vec4f'),
        factors: read(required(inputs, 2, 'combineChunks'), 'f32'),
        y: write(y, 'vec4f'),
      },
    });
  },
};

/** @throws ShapeError unless both are of one length, in f32 and of whole vec4s */
export function checkChunks(op: string, a: TensorSpec, b: TensorSpec): void {
  const lengths = [storedLength(a), storedLength(b)];
  if (lengths[0] !== lengths[1] || lengths[0] % 4 !== 0 || a.dtype !== 'f32' || b.dtype !== 'f32') {
    throw new ShapeError(`${op}: chunks of ${lengths.join(' and ')} elements, not of one multiple of 4, in f32`);
  }
}
