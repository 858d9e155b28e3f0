import fillSource from '../../shaders/fill/fill.wgsl';
import { f32 } from '../gpu/kernel';
import { dispatchItemwise, elementUnits } from './itemwise';
import { write, type Op } from './op';
import { dense } from './tensor';

/** A dense f32 tensor of one value. No inputs. */
export const fill: Op<{ shape: readonly number[]; value: number }> = {
  name: 'fill',
  infer: (_, { shape }) => [dense(shape)],
  forward(context, _, [y], { value }) {
    dispatchItemwise(context, y, elementUnits(y.spec), {
      kernel: 'fill',
      source: fillSource,
      bindings: { y: write(y, 'f32') },
      params: { value: f32(value) },
    });
  },
};
