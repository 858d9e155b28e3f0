import gradientSource from '../../shaders/softmax/gradient.wgsl';
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
  backward: (build, { outputs: [y], gradients: [dy] }) => [build.apply1(softmaxGradient, [dy, y], {})],
};

/** dx = y (dy - sum of dy y over the row). Inputs: dy, y, alike in shape and layout. */
const softmaxGradient: Op<Record<string, never>> = {
  name: 'softmaxGradient',
  itemwise: true,
  infer: (inputs) => [required(inputs, 1, 'softmaxGradient')],
  forward(context, inputs, [dx]) {
    const [dy, y] = [required(inputs, 0, 'softmaxGradient'), required(inputs, 1, 'softmaxGradient')];
    dispatchItemwise(context, dx, rowUnits(y.spec), {
      kernel: 'softmax/gradient',
      source: gradientSource,
      bindings: { dy: read(dy, 'f32'), y: read(y, 'f32'), dx: write(dx, 'f32') },
      params: { row_length: u32(pitch(y.spec)) },
    });
  },
};
