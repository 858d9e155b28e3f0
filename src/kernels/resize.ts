import sampleSource from '../../shaders/lib/sample.wgsl';
import gradientSource from '../../shaders/resize/gradient.wgsl';
import resizeSource from '../../shaders/resize/resize.wgsl';
import { f32, u32 } from '../gpu/kernel';
import { dispatchRowwise } from './itemwise';
import { read, required, ShapeError, write, type Lowering, type Op, type Operand } from './op';
import { featureMap, type TensorSpec } from './tensor';

export type ResizeMode = 'nearest' | 'bilinear';

/**
 * A feature map [N, H, W, C] at another size [height, width], as torch.nn.functional.interpolate with `size` given,
 * align_corners=False and no antialias.
 */
export const resize: Op<{ size: [number, number]; mode: ResizeMode }> = {
  name: 'resize',
  itemwise: true,
  infer(inputs, { size }) {
    const [n, h, w, c] = mapShape(required(inputs, 0, 'resize'), 'resize');
    if ([h, w, ...size].some((value) => value < 1)) {
      throw new ShapeError(`resize: cannot go from ${h} x ${w} to ${size.join(' x ')}`);
    }
    return [featureMap([n, ...size, c])];
  },
  forward(context, inputs, [y], { mode }) {
    resample(context, required(inputs, 0, 'resize'), null, y, mode);
  },
  backward(build, { inputs, gradients: [dy], attributes: { mode } }) {
    const [, height, width] = required(inputs, 0, 'resize').spec.shape;
    return [build.apply1(resizeGradient, [dy], { size: [height, width], mode })];
  },
};

/** Input: dy [N, OH, OW, C]; output [N, ..size, C], a gather over the output pixels that took from each. */
const resizeGradient: Op<{ size: [number, number]; mode: ResizeMode }> = {
  name: 'resizeGradient',
  itemwise: true,
  infer(inputs, { size }) {
    const [n, , , c] = mapShape(required(inputs, 0, 'resizeGradient'), 'resizeGradient');
    return [featureMap([n, ...size, c])];
  },
  forward(context, inputs, [dx], { mode }) {
    const dy = required(inputs, 0, 'resizeGradient');
    dispatchRowwise(context, dx, {
      kernel: `resize/gradient ${mode}`,
      source: sampleSource + gradientSource,
      defines: { MODE: mode },
      bindings: { dy: read(dy, 'vec4f'), dx: write(dx, 'vec4f') },
      params: sizeParams(dx.spec, dy.spec),
    });
  },
};

function sizeParams({ shape: [, height, width] }: TensorSpec, { shape: [, outHeight, outWidth] }: TensorSpec) {
  return {
    height: u32(height),
    width: u32(width),
    out_height: u32(outHeight),
    out_width: u32(outWidth),
    scale_y: f32(height / outHeight),
    scale_x: f32(width / outWidth),
  };
}

/**
 * lateral + the top map resized to its size by nearest neighbour: the top-down step of a feature pyramid (Lin et al.,
 * "Feature Pyramid Networks for Object Detection", 2017, section 3). Inputs: top [N, h, w, C], lateral [N, H, W, C].
 */
export const upsampleAdd: Op<Record<string, never>> = {
  name: 'upsampleAdd',
  itemwise: true,
  infer(inputs) {
    const top = mapShape(required(inputs, 0, 'upsampleAdd'), 'upsampleAdd');
    const lateral = mapShape(required(inputs, 1, 'upsampleAdd'), 'upsampleAdd');
    if (top[0] !== lateral[0] || top[3] !== lateral[3] || top[1] < 1 || top[2] < 1) {
      throw new ShapeError(`upsampleAdd: top [${top.join(', ')}] does not fit lateral [${lateral.join(', ')}]`);
    }
    return [featureMap(lateral)];
  },
  forward(context, inputs, [y]) {
    resample(context, required(inputs, 0, 'upsampleAdd'), required(inputs, 1, 'upsampleAdd'), y, 'nearest');
  },
  backward(build, { inputs, gradients, wanted }) {
    const dy = required(gradients, 0, 'upsampleAdd');
    const [, height, width] = required(inputs, 0, 'upsampleAdd').spec.shape;
    return [wanted[0] ? build.apply1(resizeGradient, [dy], { size: [height, width], mode: 'nearest' }) : null, dy];
  },
};

function mapShape({ shape, layout }: TensorSpec, op: string): readonly number[] {
  if (shape.length !== 4 || layout !== 'channels4') {
    throw new ShapeError(`${op}: the input [${shape.join(', ')}] is not a feature map [N, H, W, C]`);
  }
  return shape;
}

function resample(context: Lowering, x: Operand, lateral: Operand | null, y: Operand, mode: ResizeMode): void {
  dispatchRowwise(context, y, {
    kernel: `resize/resize ${mode}${lateral === null ? '' : ' add'}`,
    source: sampleSource + resizeSource,
    defines: { MODE: mode, ADD: lateral !== null },
    bindings: {
      x: read(x, 'vec4f'),
      ...(lateral === null ? {} : { lateral: read(lateral, 'vec4f') }),
      y: write(y, 'vec4f'),
    },
    params: sizeParams(x.spec, y.spec),
  });
}
