import fillSource from '../../shaders/fill/fill.wgsl';
import { f32 } from '../gpu/kernel';
import { dispatchItemwise, elementUnits } from './itemwise';
import { ShapeError, write, type Op } from './op';
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
    dispatchItemwise(context, y, elementUnits(y.spec), {
      kernel: 'fill',
      source: fillSource,
      bindings: { y: write(y, 'f32') },
      params: { value: f32(value) },
    });
  },
};
