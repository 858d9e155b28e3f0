import type { Activation } from '../activation';
import type { Operand } from '../op';

/** How the windows of a convolution lie over its input, each as [height, width]. */
export interface ConvWindows {
  readonly stride: [number, number];
  readonly padding: [number, number];
  readonly dilation: [number, number];
}

export interface Conv2dAttributes extends ConvWindows {
  readonly groups: number;
  readonly activation: Activation;
}

/** A convolution as its variants see it. */
export interface ConvProblem extends Conv2dAttributes {
  readonly x: Operand;
  /** Dense [O, C / groups, kh, kw]; where it is `reversed`, [C, O, kh, kw]. */
  readonly weight: Operand;
  readonly y: Operand;
  readonly bias: Operand | null;
  readonly residual: Operand | null;
  readonly kernel: readonly [height: number, width: number];
  /** The weight is that of the convolution whose data gradient this is: inputs for outputs, and the last tap first. */
  readonly reversed?: boolean;
}

/** The shapes of a convolution: of x [N, H, W, C] and of y [N, OH, OW, O]. */
export interface ConvShape extends ConvWindows {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly kernel: readonly [height: number, width: number];
  readonly groups: number;
}

/** Elements of the weight from one output to the next and from one input to the next, and whether its taps are reversed. */
export function weightStrides({ weight, reversed = false }: Pick<ConvProblem, 'weight' | 'reversed'>): {
  strideO: number;
  strideC: number;
  reversed: boolean;
} {
  const [, second, height, width] = weight.spec.shape;
  const taps = height * width;
  return reversed
    ? { strideO: taps, strideC: second * taps, reversed }
    : { strideO: second * taps, strideC: taps, reversed };
}
