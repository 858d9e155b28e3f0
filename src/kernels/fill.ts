import fillSource from '../../shaders/fill/fill.wgsl';
import { f32, u32 } from '../gpu/kernel';
import { dispatchItemwise, widestUnits } from './itemwise';
import { ShapeError, write, type Lowering, type Op, type Operand } from './op';
import { pitch, type Layout, type TensorSpec } from './tensor';

/** An f32 tensor of one value, in any layout; where its rows are padded, of zeros only. No inputs. */
export const fill: Op<{ shape: readonly number[]; layout: Layout; value: number }> = {
  name: 'fill',
  infer(_, { shape, layout, value }) {
    const spec: TensorSpec = { shape, layout, dtype: 'f32' };
    if (value !== 0 && pitch(spec) !== (shape.at(-1) ?? 1)) {
      throw new ShapeError(`fill: the padding of [${shape.join(', ')}] cannot hold ${value}`);
    }
    return [spec];
  },
  forward(context, _, [y], { value }) {
    fillWith(context, y, value);
  },
};

/** Writes one value all over a tensor of f32 or u32, its padding included; not beyond its count. */
export function fillWith(context: Lowering, y: Operand, value: number): void {
  const { units, element } = widestUnits(y.spec);
  const isWhole = y.spec.dtype === 'u32';
  dispatchItemwise(context, y, units, {
    kernel: isWhole ? 'fill u32' : 'fill',
    source: `alias Element = ${element};\n${fillSource}`,
    bindings: { y: write(y, element) },
    params: { value: isWhole ? u32(value) : f32(value) },
  });
}
