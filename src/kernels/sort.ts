import digitsSource from '../../shaders/sort/digits.wgsl';
import keysSource from '../../shaders/sort/keys.wgsl';
import passCountSource from '../../shaders/sort/pass_count.wgsl';
import passScanSource from '../../shaders/sort/pass_scan.wgsl';
import passScatterSource from '../../shaders/sort/pass_scatter.wgsl';
import sortSegmentsSource from '../../shaders/sort/sort_segments.wgsl';
import sourceKeysSource from '../../shaders/sort/source_keys.wgsl';
import sourcePairsSource from '../../shaders/sort/source_pairs.wgsl';
import type { Capabilities } from '../gpu/capabilities';
import { u32 } from '../gpu/kernel';
import { read, required, ShapeError, write, type Lowering, type Op, type Operand, type OpKernelCall } from './op';
import { dense, product } from './tensor';

/** Invocations of a workgroup that has counters for every invocation, and the digit that their memory allows. */
interface RadixSize {
  readonly lanes: number;
  readonly bits: number;
}

/** Software adapters: one subgroup and few passes. Hardware: many invocations, 8 KiB of counters. */
export function radixSize(capabilities: Capabilities): RadixSize {
  return capabilities.software ? { lanes: capabilities.subgroupSize || 8, bits: 8 } : { lanes: 128, bits: 4 };
}

function radixDefines({ lanes, bits }: RadixSize): Record<string, number> {
  return { LANES: lanes, BITS: bits, BINS: 2 ** bits };
}

type Bindings = OpKernelCall['bindings'];

/** Items of an invocation in the passes over a long list; no power of two, so that the lanes' runs share no cache set. */
const ITEMS_PER_LANE = { software: 1008, hardware: 24 };

/**
 * Stable sort in descending order. Input: keys f32 [L]. Outputs: the sorted values f32 [L] and where each stood, u32 [L].
 * Equal keys keep their order; -0 equals +0 (and comes out as +0); NaN comes last.
 * LSD radix sort (Knuth, TAOCP vol. 3, 5.2.5) on the order-preserving bit pattern of f32.
 */
export const sortDescending: Op<Record<string, never>> = {
  name: 'sortDescending',
  infer([keys]) {
    if (keys?.shape.length !== 1 || keys.dtype !== 'f32') {
      throw new ShapeError('sortDescending: keys must be f32 of shape [L]');
    }
    return [dense(keys.shape), dense(keys.shape, 'u32')];
  },
  forward(context, inputs, [values, indices]) {
    const keys = required(inputs, 0, 'sortDescending');
    const length = product(keys.spec.shape);
    if (length === 0) {
      return;
    }
    const size = radixSize(context.capabilities);
    const bins = 2 ** size.bits;
    const chunk = ITEMS_PER_LANE[context.capabilities.software ? 'software' : 'hardware'];
    const groups = Math.ceil(length / (chunk * size.lanes));
    const binStarts = context.scratch(dense([bins, groups], 'u32'));
    const pairs = [0, 1].map(() => context.scratch(dense([length, 2], 'u32')));
    for (let shift = 0; shift < 32; shift += size.bits) {
      const first = shift === 0;
      const last = shift + size.bits === 32;
      const turn = (shift / size.bits) % 2;
      const source: Bindings = first ? { keys: read(keys, 'u32') } : { pairs: read(pairs[1 - turn], 'vec2u') };
      const shared = {
        defines: { ...radixDefines(size), LAST: last },
        params: { length: u32(length), chunk: u32(chunk), shift: u32(shift), counters: u32(size.lanes * bins) },
        workgroups: [groups, 1, 1] as const,
      };
      const results: Bindings = last
        ? { values: write(values, 'u32'), indices: write(indices, 'u32') }
        : { moved: write(pairs[turn], 'vec2u') };
      const code = keysSource + (first ? sourceKeysSource : sourcePairsSource) + digitsSource;
      const kind = `${first ? 'keys' : 'pairs'}${last ? ' last' : ''}`;
      context.dispatch({
        ...shared,
        kernel: `sort/pass_count ${kind}`,
        source: code + passCountSource,
        bindings: { ...source, binStarts: write(binStarts, 'u32') },
      });
      context.dispatch({
        kernel: 'sort/pass_scan',
        source: passScanSource,
        defines: { LANES: size.lanes },
        bindings: { binStarts: write(binStarts, 'u32') },
        params: { length: u32(bins * groups) },
        workgroups: [1, 1, 1],
      });
      context.dispatch({
        ...shared,
        kernel: `sort/pass_scatter ${kind}`,
        source: code + passScatterSource,
        bindings: {
          ...source,
          binStarts: read(binStarts, 'u32'),
          ...results,
        },
      });
    }
  },
};

/**
 * Sorts the first `taken` (u32 [S]) of each segment's `k` pairs (u32 [2, S, k, 2], in the first half: inverted key,
 * index), one workgroup a segment, into values f32 [S, k] and indices u32 [S, k], filled with the lowest f32 and 0.
 */
export function recordSegmentSort(
  context: Lowering,
  pairs: Operand,
  taken: Operand,
  values: Operand,
  indices: Operand,
): void {
  const [segments, k] = values.spec.shape;
  if (segments === 0 || k === 0) {
    return;
  }
  const size = radixSize(context.capabilities);
  context.dispatch({
    kernel: 'sort/sort_segments',
    source: keysSource + digitsSource + sortSegmentsSource,
    defines: { ...radixDefines(size), RANKED: context.capabilities.software ? 192 : 512 },
    bindings: {
      pairs: write(pairs, 'vec2u'),
      taken: read(taken, 'u32'),
      values: write(values, 'u32'),
      indices: write(indices, 'u32'),
    },
    params: { k: u32(k), second: u32(segments * k), bits: u32(32), counters: u32(size.lanes * 2 ** size.bits) },
    workgroups: [segments, 1, 1],
  });
}
