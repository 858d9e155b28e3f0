import type { Operand } from '../kernels/op';
import { byteLength } from '../kernels/tensor';
import { operandsOf, type LoweredCall } from './lower';
import type { Lifetime } from './memory_plan';

/**
 * When each operand of a list of calls is alive, by its id, in the order of their first use.
 * @param kept stay alive to the end
 * @param isPlaced whether an operand has memory already; so do constants
 */
export function lifetimesOf(
  calls: readonly LoweredCall[],
  kept: readonly Operand[],
  isPlaced: (operand: Operand) => boolean,
): Map<number, Lifetime> {
  const lifetimes = new Map<number, Lifetime>();
  const touch = (operand: Operand, at: number): void => {
    if (operand.constantKey === undefined && !isPlaced(operand)) {
      const first = lifetimes.get(operand.id)?.first ?? at;
      lifetimes.set(operand.id, { bytes: Math.max(16, byteLength(operand.spec)), first, last: at });
    }
  };
  calls.forEach(({ call }, at) => operandsOf(call).forEach((operand) => touch(operand, at)));
  kept.forEach((operand) => touch(operand, calls.length));
  return lifetimes;
}
