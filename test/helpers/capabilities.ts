import type { Capabilities } from '../../src/gpu/capabilities';
import type { Op } from '../../src/kernels/op';

/**
 * The op as it would be recorded for another device. So kernels for hardware, and for other subgroup sizes, can be run
 * on a software adapter.
 */
export function asOn<A>(op: Op<A>, changes: Partial<Capabilities>): Op<A> {
  return {
    ...op,
    forward: (context, ...rest) =>
      op.forward({ ...context, capabilities: { ...context.capabilities, ...changes } }, ...rest),
  };
}

/** Devices that kernels without subgroup functions must be right for: this one, a GPU, and one with four lanes. */
export const DEVICES: readonly { readonly device: string; readonly changes: Partial<Capabilities> }[] = [
  { device: 'this device', changes: {} },
  { device: 'hardware', changes: { software: false, subgroupSize: 0 } },
  { device: 'four lanes', changes: { software: true, subgroupSize: 4 } },
];
