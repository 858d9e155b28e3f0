import rowsSource from '../../shaders/copy/rows.wgsl';
import { u32 } from '../gpu/kernel';
import { fill } from './fill';
import { dispatchItemwise } from './itemwise';
import { read, required, ShapeError, write, type Lowering, type Op, type Operand } from './op';
import { pitch, product, storedLength, type TensorSpec } from './tensor';

/**
 * Tensors alike in all axes but one, one after the other along it. Type and layout are those of the first input, and
 * all must share them. Counts are not looked at: all items are copied.
 */
export const concat: Op<{ axis: number }> = {
  name: 'concat',
  infer(inputs, { axis }) {
    const first = required(inputs, 0, 'concat');
    checkAxis(first, axis, 'concat');
    const others = first.shape.filter((_, i) => i !== axis).join();
    const specs = inputs.map((_, i) => required(inputs, i, 'concat'));
    for (const { shape, dtype, layout } of specs) {
      const fits = shape.length === first.shape.length && shape.filter((_, i) => i !== axis).join() === others;
      if (!fits || dtype !== first.dtype || layout !== first.layout) {
        throw new ShapeError(`concat: [${shape.join(', ')}] does not fit [${first.shape.join(', ')}] on axis ${axis}`);
      }
    }
    return [
      resized(
        first,
        axis,
        specs.reduce((sum, { shape }) => sum + shape[axis], 0),
      ),
    ];
  },
  forward(context, inputs, [y], { axis }) {
    const operands = inputs.map((_, i) => required(inputs, i, 'concat'));
    const outer = product(y.spec.shape.slice(0, axis));
    const yPitch = block(y.spec, axis, y.spec.shape[axis]);
    let at = 0;
    operands.forEach((x, i) => {
      const last = axis === y.spec.shape.length - 1;
      const columns = last ? x.spec.shape[axis] : block(x.spec, axis, x.spec.shape[axis]);
      // the last input's slot reaches to the row's end, over the padding
      const slot = i === operands.length - 1 ? yPitch - at : columns;
      copyRows(context, x, y, {
        rows: outer,
        columns,
        slot,
        xPitch: block(x.spec, axis, x.spec.shape[axis]),
        xOffset: 0,
        yPitch,
        yOffset: at,
      });
      at += columns;
    });
  },
  backward(build, { inputs, gradients, attributes: { axis }, wanted }) {
    const dy = required(gradients, 0, 'concat');
    let start = 0;
    return inputs.map((_, i) => {
      const end = start + required(inputs, i, 'concat').spec.shape[axis];
      const part = wanted[i] ? build.apply1(slice, [dy], { axis, start, end }) : null;
      start = end;
      return part;
    });
  },
};

/** Items [start, end) of an axis. A count is not looked at: all items are copied. */
export const slice: Op<{ axis: number; start: number; end: number }> = {
  name: 'slice',
  infer(inputs, { axis, start, end }) {
    const x = required(inputs, 0, 'slice');
    checkAxis(x, axis, 'slice');
    if (!(start >= 0 && start <= end && end <= x.shape[axis])) {
      throw new ShapeError(`slice: items ${start} to ${end} of axis ${axis} of [${x.shape.join(', ')}]`);
    }
    return [resized(x, axis, end - start)];
  },
  forward(context, inputs, [y], { axis, start, end }) {
    const x = required(inputs, 0, 'slice');
    const last = axis === x.spec.shape.length - 1;
    const slot = block(y.spec, axis, end - start);
    copyRows(context, x, y, {
      rows: product(x.spec.shape.slice(0, axis)),
      columns: last ? end - start : slot,
      slot,
      xPitch: block(x.spec, axis, x.spec.shape[axis]),
      xOffset: last ? start : block(x.spec, axis, start),
      yPitch: slot,
      yOffset: 0,
    });
  },
  backward(build, { inputs, gradients, attributes: { axis, start, end } }) {
    const { spec } = required(inputs, 0, 'slice');
    const zeros = (size: number) =>
      size === 0 ? [] : [build.apply1(fill, [], { ...resized(spec, axis, size), value: 0 })];
    const parts = [...zeros(start), required(gradients, 0, 'slice'), ...zeros(spec.shape[axis] - end)];
    return [parts.length === 1 ? parts[0] : build.apply1(concat, parts, { axis })];
  },
};

/**
 * The same values in another shape, of the same layout. A copy. Of channels4 tensors, the last axis stays as it is,
 * unless it is a multiple of four before and after.
 */
export const reshape: Op<{ shape: readonly number[] }> = {
  name: 'reshape',
  infer(inputs, { shape }) {
    const x = required(inputs, 0, 'reshape');
    const y = { ...x, shape };
    const from = x.shape.at(-1) ?? 1;
    const to = shape.at(-1) ?? 1;
    const sameRows = from === to || (pitch(x) === from && pitch(y) === to);
    if (product(x.shape) !== product(shape) || !sameRows) {
      throw new ShapeError(`reshape: ${x.layout} [${x.shape.join(', ')}] cannot become [${shape.join(', ')}]`);
    }
    return [y];
  },
  forward(context, inputs, [y]) {
    const x = required(inputs, 0, 'reshape');
    const length = storedLength(x.spec);
    copyRows(context, x, y, {
      rows: 1,
      columns: length,
      slot: length,
      xPitch: length,
      xOffset: 0,
      yPitch: length,
      yOffset: 0,
    });
  },
  backward(build, { inputs, gradients: [dy] }) {
    return [build.apply1(reshape, [dy], { shape: required(inputs, 0, 'reshape').spec.shape })];
  },
};

function checkAxis({ shape }: TensorSpec, axis: number, op: string): void {
  if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length) {
    throw new ShapeError(`${op}: [${shape.join(', ')}] has no axis ${axis}`);
  }
}

function resized(spec: TensorSpec, axis: number, size: number): TensorSpec {
  return { ...spec, shape: spec.shape.map((value, i) => (i === axis ? size : value)) };
}

/** Stored elements of `size` items of an axis, with all axes after it. */
function block(spec: TensorSpec, axis: number, size: number): number {
  return storedLength({ ...spec, shape: [size, ...spec.shape.slice(axis + 1)] });
}

/** In elements. */
interface RowCopy {
  readonly rows: number;
  readonly columns: number;
  readonly slot: number;
  readonly xPitch: number;
  readonly xOffset: number;
  readonly yPitch: number;
  readonly yOffset: number;
}

function copyRows(context: Lowering, x: Operand, y: Operand, copy: RowCopy): void {
  const { rows, columns, slot, xPitch, xOffset, yPitch, yOffset } = copy;
  const vector = [columns, slot, xPitch, xOffset, yPitch, yOffset].every((value) => value % 4 === 0);
  const unit = vector ? 4 : 1;
  // bits are copied as they are, whatever the type
  const element = vector ? 'vec4u' : 'u32';
  const all: Operand = { id: y.id, spec: y.spec };
  const units = { length: (rows * slot) / unit, unit, itemElements: 0 };
  dispatchItemwise(context, all, units, {
    kernel: `copy/rows by ${unit}`,
    source: `alias Element = ${element};\n${rowsSource}`,
    bindings: { x: read(x, element), y: write(y, element) },
    params: {
      slot: u32(slot / unit),
      columns: u32(columns / unit),
      x_pitch: u32(xPitch / unit),
      x_offset: u32(xOffset / unit),
      y_pitch: u32(yPitch / unit),
      y_offset: u32(yOffset / unit),
    },
  });
}
