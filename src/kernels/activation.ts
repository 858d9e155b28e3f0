import { u32, type Param } from '../gpu/kernel';

/** What an op applies to its sums before it writes them. */
export type Activation = 'none' | 'relu' | 'sigmoid';

/** The parameters that shaders/gemm/epilogue.wgsl reads. */
export function activationParams(activation: Activation): Record<'relu' | 'sigmoid', Param> {
  return { relu: u32(Number(activation === 'relu')), sigmoid: u32(Number(activation === 'sigmoid')) };
}
