import sumSource from '../../../shaders/losses/sum.wgsl';
import { u32 } from '../../gpu/kernel';
import { read, write, type Lowering, type Operand } from '../op';
import { product } from '../tensor';

/**
 * Records total[0] = the sum of the terms of the first items, in the same order in every run.
 * @param terms f32 dense [items * itemTerms]
 * @param count items in use, u32 [1]
 */
export function recordSum(context: Lowering, terms: Operand, count: Operand, itemTerms: number, total: Operand): void {
  const { software, subgroupSize } = context.capabilities;
  context.dispatch({
    kernel: 'losses/sum',
    source: sumSource,
    defines: { LANES: software ? subgroupSize || 8 : 256 },
    bindings: { terms: read(terms, 'f32'), count: read(count, 'u32'), total: write(total, 'f32') },
    params: { length: u32(product(terms.spec.shape)), item_terms: u32(itemTerms) },
    workgroups: [1, 1, 1],
  });
}
