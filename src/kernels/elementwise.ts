import binarySource from '../../shaders/elementwise/binary.wgsl';
import sumToSource from '../../shaders/elementwise/sum_to.wgsl';
import unaryGradientSource from '../../shaders/elementwise/unary_gradient.wgsl';
import unarySource from '../../shaders/elementwise/unary.wgsl';
import channelsSource from '../../shaders/lib/channels.wgsl';
import { u32, type Param } from '../gpu/kernel';
import type { Activation } from './activation';
import { dispatchItems, dispatchItemwise, dispatchRowwise, vec4Units } from './itemwise';
import { fill } from './fill';
import { read, required, ShapeError, write, type GradientBuilder, type Op, type Value } from './op';
import { sumColumns } from './reduce';
import { pitch, product, storedLength, type Layout, type TensorSpec } from './tensor';

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
  backward: (build, { inputs: [x], outputs: [y], gradients: [dy], attributes }) => [
    unaryBackward(build, attributes.function, required([x], 0, 'unary'), y, required([dy], 0, 'unary')),
  ],
};

/** The functions whose derivative is computed from x, not from f(x). */
const DERIVED_FROM_INPUT: readonly UnaryFunction[] = ['log', 'abs'];
/** The functions whose derivative at the zeros of padding is not finite. */
const INFINITE_AT_ZERO: readonly UnaryFunction[] = ['log', 'sqrt'];

function unaryBackward<V extends Value>(build: GradientBuilder<V>, name: UnaryFunction, x: V, y: V, dy: V): V {
  return name === 'neg'
    ? build.apply1(unary, [dy], { function: 'neg' })
    : build.apply1(unaryGradient, [dy, DERIVED_FROM_INPUT.includes(name) ? x : y], { function: name });
}

/** The gradient of what an activation was applied to. `y` is what came out of it. */
export function activationBackward<V extends Value>(build: GradientBuilder<V>, activation: Activation, y: V, dy: V): V {
  return activation === 'none' ? dy : build.apply1(unaryGradient, [dy, y], { function: activation });
}

/** dx = dy f'(x). Inputs: dy, and f(x), or x where the derivative is computed from it; all of one shape and layout. */
const unaryGradient: Op<{ function: UnaryFunction }> = {
  name: 'unaryGradient',
  itemwise: true,
  infer(inputs) {
    const dy = f32Input(inputs, 0, 'unaryGradient');
    const v = f32Input(inputs, 1, 'unaryGradient');
    if (!sameMemory(dy, v)) {
      throw new ShapeError(`unaryGradient: [${dy.shape.join(', ')}] and [${v.shape.join(', ')}] differ`);
    }
    return [dy];
  },
  forward(context, inputs, [dx], attributes) {
    const dy = required(inputs, 0, 'unaryGradient');
    const v = required(inputs, 1, 'unaryGradient');
    const channels = dx.spec.shape.at(-1) ?? 1;
    const padded = pitch(dx.spec) !== channels && INFINITE_AT_ZERO.includes(attributes.function);
    dispatchItemwise(context, dx, vec4Units(dx.spec), {
      kernel: `elementwise/unary_gradient ${attributes.function}`,
      source: channelsSource + unaryGradientSource,
      defines: { FUNCTION: attributes.function, PADDED: padded },
      bindings: { dy: read(dy, 'vec4f'), v: read(v, 'vec4f'), dx: write(dx, 'vec4f') },
      params: padded ? { row_units: u32(pitch(dx.spec) / 4), channels: u32(channels) } : {},
    });
  },
};

/** `step` is 1 where a > b, 1/2 where they are equal, 0 elsewhere. */
export type BinaryFunction = 'add' | 'sub' | 'mul' | 'div' | 'max' | 'min' | 'pow' | 'step';

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
  backward(build, { inputs, outputs: [y], gradients, attributes, wanted }) {
    const a = required(inputs, 0, 'binary');
    const b = required(inputs, 1, 'binary');
    const dy = activationBackward(build, attributes.activation, y, required(gradients, 0, 'binary'));
    const partials = PARTIALS[attributes.function];
    return [a, b].map((input, i) => {
      const partial = partials[i];
      return wanted[i] && partial !== undefined ? sumTo(build, partial(build, { dy, a, b }), input.spec) : null;
    });
  },
};

interface BinaryOperands<V> {
  readonly dy: V;
  readonly a: V;
  readonly b: V;
}

/** From the gradient of f(a, b) to that of one of the two, of the shape of f(a, b). */
type Partial = <V extends Value>(build: GradientBuilder<V>, operands: BinaryOperands<V>) => V;

function apply<V extends Value>(build: GradientBuilder<V>, name: BinaryFunction, a: V, b: V): V {
  return build.apply1(binary, [a, b], { function: name, activation: 'none' });
}

function negative<V extends Value>(build: GradientBuilder<V>, x: V): V {
  return build.apply1(unary, [x], { function: 'neg' });
}

const PARTIALS: Readonly<Record<BinaryFunction, readonly [a?: Partial, b?: Partial]>> = {
  add: [(_, { dy }) => dy, (_, { dy }) => dy],
  sub: [(_, { dy }) => dy, (build, { dy }) => negative(build, dy)],
  mul: [(build, { dy, b }) => apply(build, 'mul', dy, b), (build, { dy, a }) => apply(build, 'mul', dy, a)],
  div: [
    (build, { dy, b }) => apply(build, 'div', dy, b),
    (build, { dy, a, b }) =>
      negative(build, apply(build, 'div', apply(build, 'div', apply(build, 'mul', dy, a), b), b)),
  ],
  // where both are the same, each gets half, as in PyTorch
  max: [
    (build, { dy, a, b }) => apply(build, 'mul', dy, apply(build, 'step', a, b)),
    (build, { dy, a, b }) => apply(build, 'mul', dy, apply(build, 'step', b, a)),
  ],
  min: [
    (build, { dy, a, b }) => apply(build, 'mul', dy, apply(build, 'step', b, a)),
    (build, { dy, a, b }) => apply(build, 'mul', dy, apply(build, 'step', a, b)),
  ],
  // no gradient for exponents, which are constants wherever they are used
  pow: [
    (build, { dy, a, b }) => {
      const one = build.apply1(fill, [], { shape: [1], layout: 'dense', value: 1 });
      return apply(build, 'mul', apply(build, 'mul', dy, b), apply(build, 'pow', a, apply(build, 'sub', b, one)));
    },
  ],
  step: [],
};

/** A gradient of a stretched tensor as that of the tensor before: summed over the axes that were stretched. */
function sumTo<V extends Value>(build: GradientBuilder<V>, gradient: V, { shape, layout }: TensorSpec): V {
  const { spec } = gradient;
  if (spec.shape.join() === shape.join() && spec.layout === layout) {
    return gradient;
  }
  const channels = spec.shape.at(-1) ?? 1;
  const isRow = product(shape) === channels && shape.at(-1) === channels && spec.layout === 'channels4';
  if (isRow && layout === 'dense' && spec.shape.length > 1) {
    return build.view(build.apply1(sumColumns, [gradient], {}), shape);
  }
  return build.apply1(sumStretched, [gradient], { shape, layout });
}

/**
 * Sums x over the axes in which `shape`, to which x's shape broadcasts, is 1 or has no axis. Output: `shape`, in `layout`.
 */
const sumStretched: Op<{ shape: readonly number[]; layout: Layout }> = {
  name: 'sumStretched',
  infer: (inputs, { shape, layout }) => [{ shape, layout, dtype: f32Input(inputs, 0, 'sumStretched').dtype }],
  forward(context, inputs, [y]) {
    const x = required(inputs, 0, 'sumStretched');
    const [size0, size1, size2] = rowAxes(x.spec.shape);
    const [ySize0, ySize1, ySize2] = rowAxes(y.spec.shape);
    dispatchItems(context, storedLength(y.spec), {
      kernel: 'elementwise/sum_to',
      source: sumToSource,
      bindings: { x: read(x, 'f32'), y: write(y, 'f32') },
      params: {
        size0: u32(size0),
        size1: u32(size1),
        size2: u32(size2),
        channels: u32(x.spec.shape.at(-1) ?? 1),
        x_pitch: u32(pitch(x.spec)),
        y_size0: u32(ySize0),
        y_size1: u32(ySize1),
        y_size2: u32(ySize2),
        y_channels: u32(y.spec.shape.at(-1) ?? 1),
        y_pitch: u32(pitch(y.spec)),
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
