import softmaxSource from '../../shaders/softmax/softmax.wgsl';
import { u32 } from '../gpu/kernel';
import { dispatchItemwise, rowUnits } from './itemwise';
import { read, required, ShapeError, write, type Op } from './op';
import { pitch } from './tensor';

/** exp(x - max) / sum over the last axis, for a tensor of any layout and at least two axes. */
export const softmax: Op<Record<string, never>> = {
  name: 'softmax',
  itemwise: true,
  infer(inputs) {
    const x = required(inputs, 0, 'softmax');
    if (x.dtype !== 'f32' || x.shape.length < 2) {
      throw new ShapeError(
        `softmax: the input is ${x.dtype} [${x.shape.join(', ')}], expected f32 of two axes or more`,
      );
    }
    return [x];
  },
  forward(context, inputs, [y]) {
    const x = required(inputs, 0, 'softmax');
    const unit = x.spec.layout === 'channels4' ? 4 : 1;
    const element = unit === 4 ? 'vec4f' : 'f32';
    dispatchItemwise(context, y, rowUnits(x.spec), {
      kernel: `softmax/softmax ${x.spec.layout}`,
      source: softmaxSource,
      defines: { UNIT_CHANNELS: unit },
      bindings: { x: read(x, element), y: write(y, element) },
      params: { row_units: u32(pitch(x.spec) / unit), channels: u32(x.spec.shape.at(-1) ?? 1) },
    });
  },
};
