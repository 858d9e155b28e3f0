import plainSource from '../../../shaders/conv/plain.wgsl';
import mainSource from '../../../shaders/conv/plain_main.wgsl';
import transposedSource from '../../../shaders/conv/plain_transposed.wgsl';
import { u32 } from '../../gpu/kernel';
import { activationParams, type Activation } from '../activation';
import { windowParams } from '../gemm/problem';
import { dispatchItemwise, elementUnits } from '../itemwise';
import { read, write, type Lowering, type Operand } from '../op';
import { byteLength, pitch } from '../tensor';

export interface PlainConv {
  readonly transposed: boolean;
  /** [N, H, W, C] and [N, OH, OW, O]. */
  readonly x: Operand;
  readonly y: Operand;
  /** As in PyTorch: [O, C / groups, kh, kw], or transposed [C, O / groups, kh, kw]. */
  readonly weight: Operand;
  readonly kernel: readonly [height: number, width: number];
  readonly bias: Operand | null;
  readonly residual?: Operand | null;
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
  readonly activation: Activation;
}

/** Convolution or transposed convolution of any kind, one output element at a time. */
export function dispatchPlainConv(context: Lowering, conv: PlainConv): void {
  const { x, y, weight, bias, residual = null, kernel, stride, padding, dilation, groups } = conv;
  const [, inputHeight, inputWidth, inputs] = x.spec.shape;
  const [images, outputHeight, outputWidth, channels] = y.spec.shape;
  const taps = kernel[0] * kernel[1];
  const traffic = [x, weight, y, bias, residual].filter((operand) => operand !== null);
  // each input element meets every tap and output of its group; outputs that fall outside are counted too
  const pixels = conv.transposed ? images * inputHeight * inputWidth : images * outputHeight * outputWidth;
  dispatchItemwise(context, { count: x.count }, elementUnits(y.spec), {
    kernel: conv.transposed ? 'conv/plain_transposed' : 'conv/plain',
    source: (conv.transposed ? transposedSource : plainSource) + mainSource,
    bindings: {
      a: read(x, 'f32'),
      w: read(weight, 'f32'),
      bias: read(bias ?? weight, 'f32'),
      residual: read(residual ?? weight, 'f32'),
      y: write(y, 'f32'),
    },
    params: {
      pitch: u32(pitch(y.spec)),
      inputPitch: u32(pitch(x.spec)),
      channels: u32(channels),
      groupInputs: u32(inputs / groups),
      groupOutputs: u32(channels / groups),
      ...windowParams({
        input: [inputHeight, inputWidth],
        output: [outputHeight, outputWidth],
        kernelWidth: kernel[1],
        stride,
        padding,
        dilation,
      }),
      kernelHeight: u32(kernel[0]),
      taps: u32(taps),
      hasBias: u32(Number(bias !== null)),
      hasResidual: u32(Number(residual !== null)),
      ...activationParams(conv.activation),
    },
    flops: (2 * pixels * taps * inputs * channels) / groups,
    bytes: traffic.reduce((sum, { spec }) => sum + byteLength(spec), 0),
  });
}
