import { InputError } from '../errors';
import type { Capabilities } from '../gpu/capabilities';

/**
 * How inference keeps its weights. `f32`: as they are. `f16`: those of matrix products and convolutions as IEEE binary16,
 * rounded once, which halves what they take and what is read of them; products, sums, biases and activations stay f32.
 * A weight w comes out as w (1 + e) with |e| <= 2^-11 from 2^-14 on, and within 2^-25 below that, where the device rounds to
 * the nearest, as all known ones do (WGSL lets a device take either neighbour); numbers beyond 65504 become that.
 * Weights that change from run to run, those in training, are f32 at either. Winograd is not offered at `f16`: its
 * transformed weights lose more to the rounding than the convolution's own. Where a product is done by subgroup matrices of
 * f16 (gemm/matrix.ts), which the tuner alone chooses, its activations are rounded alike.
 */
export type Precision = 'f32' | 'f16';

export const PRECISIONS: readonly Precision[] = ['f32', 'f16'];

/** @throws InputError where a device of these capabilities cannot do it */
export function requirePrecision(capabilities: Capabilities, precision: Precision): void {
  if (precision === 'f16' && !capabilities.f16) {
    throw new InputError(
      'precision f16 needs an adapter with the feature shader-f16, which this one does not have: take precision f32, the ' +
        'default, or another adapter (--adapter)',
    );
  }
}
