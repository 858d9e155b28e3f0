import averageGradientSource from '../../shaders/pool/average_gradient.wgsl';
import maxGradientSource from '../../shaders/pool/max_gradient.wgsl';
import poolSource from '../../shaders/pool/pool2d.wgsl';
import windowAtSource from '../../shaders/pool/window_at.wgsl';
import { i32, u32, type Param } from '../gpu/kernel';
import { dispatchRowwise } from './itemwise';
import { read, required, ShapeError, write, type Lowering, type Op, type Operand } from './op';
import { featureMap, storedLength, type TensorSpec } from './tensor';

/** [vertical, horizontal] */
type Pair = readonly [number, number];

interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly ceilMode: boolean;
}

/** Maximum over windows of a feature map [N, H, W, C], as torch.nn.MaxPool2d. */
export const maxPool2d: Op<{
  kernel: Pair;
  stride: Pair;
  padding: Pair;
  dilation: Pair;
  ceilMode: boolean;
}> = {
  name: 'maxPool2d',
  itemwise: true,
  infer: (inputs, attributes) => [pooled(inputs, attributes, 'maxPool2d')],
  forward(context, inputs, [y], attributes) {
    pool(context, required(inputs, 0, 'maxPool2d'), y, attributes, { MODE: 'max', INCLUDE_PAD: false });
  },
  backward: (build, { inputs: [x], outputs: [y], gradients: [dy], attributes }) => [
    build.apply1(maxPool2dGradient, [required([dy], 0, 'maxPool2d'), x, y], attributes),
  ],
};

/** Inputs: dy [N, OH, OW, C], and x [N, H, W, C] and y of maxPool2d; output [N, H, W, C]. */
const maxPool2dGradient: Op<Window> = {
  name: 'maxPool2dGradient',
  itemwise: true,
  infer: (inputs) => [required(inputs, 1, 'maxPool2dGradient')],
  forward(context, inputs, [dx], attributes) {
    const [dy, x, y] = [0, 1, 2].map((i) => required(inputs, i, 'maxPool2dGradient'));
    dispatchRowwise(context, dx, {
      kernel: 'pool/max_gradient',
      source: windowAtSource + maxGradientSource,
      bindings: { dy: read(dy, 'vec4f'), x: read(x, 'vec4f'), y: read(y, 'vec4f'), dx: write(dx, 'vec4f') },
      params: windowParams(x.spec, y.spec, attributes),
    });
  },
};

/** Mean over windows of a feature map [N, H, W, C], as torch.nn.AvgPool2d without divisor_override. */
export const avgPool2d: Op<{
  kernel: Pair;
  stride: Pair;
  padding: Pair;
  ceilMode: boolean;
  countIncludePad: boolean;
}> = {
  name: 'avgPool2d',
  itemwise: true,
  infer: (inputs, attributes) => [pooled(inputs, { ...attributes, dilation: [1, 1] }, 'avgPool2d')],
  forward(context, inputs, [y], attributes) {
    const defines = { MODE: 'average', INCLUDE_PAD: attributes.countIncludePad };
    pool(context, required(inputs, 0, 'avgPool2d'), y, { ...attributes, dilation: [1, 1] }, defines);
  },
  backward(build, { inputs, gradients: [dy], attributes }) {
    const { shape } = required(inputs, 0, 'avgPool2d').spec;
    return [build.apply1(avgPool2dGradient, [dy], { ...attributes, dilation: [1, 1], shape })];
  },
};

/** Input: dy [N, OH, OW, C]; output: a feature map of `shape`. */
const avgPool2dGradient: Op<Window & { countIncludePad: boolean; shape: readonly number[] }> = {
  name: 'avgPool2dGradient',
  itemwise: true,
  infer: (_, { shape }) => [featureMap(shape)],
  forward(context, inputs, [dx], attributes) {
    const dy = required(inputs, 0, 'avgPool2dGradient');
    dispatchRowwise(context, dx, {
      kernel: 'pool/average_gradient',
      source: windowAtSource + averageGradientSource,
      defines: { INCLUDE_PAD: attributes.countIncludePad },
      bindings: { dy: read(dy, 'vec4f'), dx: write(dx, 'vec4f') },
      params: windowParams(dx.spec, dy.spec, attributes),
    });
  },
};

function windowParams(x: TensorSpec, y: TensorSpec, window: Window): Record<string, Param> {
  return {
    height: u32(x.shape[1]),
    width: u32(x.shape[2]),
    out_height: u32(y.shape[1]),
    out_width: u32(y.shape[2]),
    kernel_y: i32(window.kernel[0]),
    kernel_x: i32(window.kernel[1]),
    stride_y: i32(window.stride[0]),
    stride_x: i32(window.stride[1]),
    padding_y: i32(window.padding[0]),
    padding_x: i32(window.padding[1]),
    dilation_y: i32(window.dilation[0]),
    dilation_x: i32(window.dilation[1]),
  };
}

function pooled(inputs: readonly (TensorSpec | null)[], window: Window, op: string): TensorSpec {
  const { shape, layout } = required(inputs, 0, op);
  if (shape.length !== 4 || layout !== 'channels4') {
    throw new ShapeError(`${op}: the input [${shape.join(', ')}] is not a feature map [N, H, W, C]`);
  }
  if (window.padding.some((padding, axis) => padding * 2 > window.kernel[axis])) {
    throw new ShapeError(`${op}: padding [${window.padding.join(', ')}] is more than half the kernel`);
  }
  const [n, h, w, c] = shape;
  const size = [outputSize(h, window, 0), outputSize(w, window, 1)];
  if (size.some((value) => value < 1)) {
    throw new ShapeError(`${op}: the input [${shape.join(', ')}] is smaller than the kernel`);
  }
  return featureMap([n, ...size, c]);
}

/** PyTorch's pooling_output_shape: in ceil mode the last window must begin inside the input or its left padding. */
function outputSize(size: number, window: Window, axis: 0 | 1): number {
  const { ceilMode } = window;
  const stride = window.stride[axis];
  const padding = window.padding[axis];
  const reach = size + 2 * padding - window.dilation[axis] * (window.kernel[axis] - 1) - 1;
  const out = Math.floor((reach + (ceilMode ? stride - 1 : 0)) / stride) + 1;
  return ceilMode && (out - 1) * stride >= size + padding ? out - 1 : out;
}

function pool(
  context: Lowering,
  x: Operand,
  y: Operand,
  window: Window,
  defines: { MODE: string; INCLUDE_PAD: boolean },
): void {
  dispatchRowwise(context, y, {
    kernel: `pool/pool2d ${defines.MODE}`,
    source: poolSource,
    defines,
    bindings: { x: read(x, 'vec4f'), y: write(y, 'vec4f') },
    params: windowParams(x.spec, y.spec, window),
    flops: storedLength(y.spec) * window.kernel[0] * window.kernel[1],
  });
}
