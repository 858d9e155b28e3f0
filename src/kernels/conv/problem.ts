import type { Activation } from '../activation';
import type { Operand } from '../op';

export interface Conv2dAttributes {
  readonly stride: [number, number];
  readonly padding: [number, number];
  readonly dilation: [number, number];
  readonly groups: number;
  readonly activation: Activation;
}

/** A convolution as its variants see it. */
export interface ConvProblem extends Conv2dAttributes {
  readonly x: Operand;
  readonly weight: Operand;
  readonly y: Operand;
  readonly bias: Operand | null;
  readonly residual: Operand | null;
  readonly kernel: readonly [height: number, width: number];
}
