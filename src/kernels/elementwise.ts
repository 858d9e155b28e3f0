import binarySource from '../../shaders/elementwise/binary.wgsl';
import unarySource from '../../shaders/elementwise/unary.wgsl';
import channelsSource from '../../shaders/lib/channels.wgsl';
import { u32, type Param } from '../gpu/kernel';
import type { Activation } from './activation';
import { dispatchItemwise, dispatchRowwise, vec4Units } from './itemwise';
import { read, required, ShapeError, write, type Op } from './op';
import { pitch, product, type TensorSpec } from './tensor';

export type UnaryFunction = 'relu' | 'sigmoid' | 'exp' | 'log' | 'sqrt' | 'abs' | 'neg' | 'tanh';

const NOT_ZERO_AT_ZERO: readonly UnaryFunction[] = ['sigmoid', 'exp', 'log'];

/** y = f(x), element by element, for an f32 tensor of any shape and layout. */
export const unary: Op<{ function: UnaryFunction }> = {
  name: 'unary',
  itemwise: true,
  infer: (inputs) => [f32Input(inputs, 0, 'unary')],
  forward(context, inputs, [y], attributes) {
    const x = required(inputs, 0, 'unary');
    const channels = x.spec.shape.at(-1) ?? 1;
    const padded = pitch(x.spec) !== channels && NOT_ZERO_AT_ZERO.includes(attributes.function);
    const params = { row_units: u32(pitch(x.spec) / 4), channels: u32(channels) };
    dispatchItemwise(context, y, vec4Units(x.spec), {
      kernel: `elementwise/unary ${attributes.function}`,
      source: channelsSource + unarySource,
      defines: { FUNCTION: attributes.function, PADDED: padded },
      bindings: { x: read(x, 'vec4f'), y: write(y, 'vec4f') },
      params: padded ? params : {},
    });
  },
};

export type BinaryFunction = 'add' | 'sub' | 'mul' | 'div' | 'max' | 'min' | 'pow';

/** The functions for which f(0, 0) = 0, so that padding stays zero by itself. */
const ZERO_AT_ZERO: readonly BinaryFunction[] = ['add', 'sub', 'mul', 'max', 'min'];

/**
 * y = activation(f(a, b)) with NumPy's broadcasting over the logical shapes. The output is channels4 if a or b is,
 * dense otherwise. A count of a's items holds for y. In `pow`, a negative base needs a whole exponent.
 * @throws ShapeError where the shapes do not broadcast, or broadcast over more than four axes
 */
export const binary: Op<{ function: BinaryFunction; activation: Activation }> = {
  name: 'binary',
  itemwise: true,
  infer(inputs) {
    const a = f32Input(inputs, 0, 'binary');
    const b = f32Input(inputs, 1, 'binary');
    const shape = broadcastShapes(a.shape, b.shape);
    const layout = [a, b].some((spec) => spec.layout === 'channels4') ? 'channels4' : 'dense';
    return [{ shape, dtype: 'f32', layout }];
  },
  forward(context, inputs, [y], attributes) {
    const a = required(inputs, 0, 'binary');
    const b = required(inputs, 1, 'binary');
    const channels = y.spec.shape.at(-1) ?? 1;
    const keepsZero = ZERO_AT_ZERO.includes(attributes.function) && attributes.activation !== 'sigmoid';
    const flat = sameMemory(a.spec, y.spec) && sameMemory(b.spec, y.spec) && (keepsZero || pitch(y.spec) === channels);
    const defines = { FUNCTION: attributes.function, ACTIVATION: attributes.activation, FLAT: flat, WIDTH: 4 };
    const kernel = `elementwise/binary ${attributes.function}${flat ? '' : ' broadcast'}`;
    const source = channelsSource + binarySource;
    if (flat) {
      const bindings = { a: read(a, 'vec4f'), b: read(b, 'vec4f'), y: write(y, 'vec4f') };
      dispatchItemwise(context, y, vec4Units(y.spec), { kernel, source, defines, bindings });
      return;
    }
    const vector = y.spec.layout === 'channels4';
    const loadA = loadMode(a.spec, vector);
    const loadB = loadMode(b.spec, vector);
    const [, size1, size2] = rowAxes(y.spec.shape);
    dispatchRowwise(context, y, {
      kernel,
      source,
      defines: { ...defines, WIDTH: vector ? 4 : 1, A_LOAD: loadA, B_LOAD: loadB },
      bindings: {
        a: read(a, loadA === 'vec4' ? 'vec4f' : 'f32'),
        b: read(b, loadB === 'vec4' ? 'vec4f' : 'f32'),
        y: write(y, vector ? 'vec4f' : 'f32'),
      },
      params: {
        channels: u32(channels),
        size1: u32(size1),
        size2: u32(size2),
        ...strides('a', a.spec),
        ...strides('b', b.spec),
      },
    });
  },
};

function f32Input(inputs: readonly (TensorSpec | null)[], index: number, op: string): TensorSpec {
  const spec = required(inputs, index, op);
  if (spec.dtype !== 'f32') {
    throw new ShapeError(`${op}: input ${index} is ${spec.dtype}, not f32`);
  }
  return spec;
}

/** NumPy's rule: axes are matched from the last one, and an axis of size 1 stretches. */
function broadcastShapes(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const shape = Array.from({ length: rank }, (_, i) => {
    const left = a[i - rank + a.length] ?? 1;
    const right = b[i - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new ShapeError(`binary: shapes [${a.join(', ')}] and [${b.join(', ')}] do not broadcast`);
    }
    return left === 1 ? right : left;
  });
  if (rank > 4 && a.join() !== b.join()) {
    throw new ShapeError(`binary: [${a.join(', ')}] and [${b.join(', ')}] broadcast over more than four axes`);
  }
  return shape;
}

function sameMemory(a: TensorSpec, b: TensorSpec): boolean {
  return a.shape.join() === b.shape.join() && pitch(a) === pitch(b);
}

/** The three axes before the last, with ones in front where there are fewer. More of them do not broadcast: they are one. */
function rowAxes(shape: readonly number[]): number[] {
  const axes = shape.length > 4 ? [product(shape.slice(0, -1))] : shape.slice(0, -1);
  return [...new Array<number>(Math.max(0, 3 - axes.length)).fill(1), ...axes];
}

/** How the kernel reads an operand along the last axis. */
function loadMode(spec: TensorSpec, vector: boolean): 'vec4' | 'element' | 'splat' | 'scalars' {
  if ((spec.shape.at(-1) ?? 1) === 1) {
    return 'splat';
  }
  if (!vector) {
    return 'element';
  }
  return spec.layout === 'channels4' ? 'vec4' : 'scalars';
}

/** Elements from one place to the next along each row axis, 0 where the operand stretches. */
function strides(name: string, spec: TensorSpec): Record<string, Param> {
  const axes = rowAxes(spec.shape);
  const step = [axes[1] * axes[2], axes[2], 1].map((count, i) => (axes[i] === 1 ? 0 : count * pitch(spec)));
  return Object.fromEntries(step.map((value, i) => [`${name}_stride${i}`, u32(value)]));
}
