/** When a tensor is alive: from the dispatch that first touches it to the last one, both included. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

export interface MemoryPlan {
  /** The block that each tensor lies in, from its first byte on. */
  readonly blockOf: number[];
  readonly blockBytes: number[];
  /** The largest sum of tensors alive at one time: no plan can be smaller. */
  readonly bound: number;
  /** The sum of all tensors: what it would take without reuse. */
  readonly total: number;
}

/**
 * Assigns tensors to blocks so that two tensors of one block are never alive together.
 *
 * Each block is a buffer of its own, since WebGPU forbids a buffer that one dispatch both reads and writes, even at
 * different offsets. Greedy by size: the largest tensor first, into the block it fits most tightly.
 * After Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference" (2020), section 4 (shared objects).
 */
export function planMemory(tensors: readonly Lifetime[]): MemoryPlan {
  const order = tensors.map((_, i) => i).sort((a, b) => tensors[b].bytes - tensors[a].bytes || a - b);
  const blockOf = new Array<number>(tensors.length).fill(-1);
  const blockBytes: number[] = [];
  const members: Lifetime[][] = [];
  for (const index of order) {
    const tensor = tensors[index];
    let best = -1;
    for (let block = 0; block < members.length; block++) {
      const free = members[block].every((other) => other.last < tensor.first || tensor.last < other.first);
      if (free && (best < 0 || blockBytes[block] < blockBytes[best])) {
        best = block;
      }
    }
    if (best < 0) {
      best = members.length;
      members.push([]);
      blockBytes.push(tensor.bytes);
    }
    members[best].push(tensor);
    blockOf[index] = best;
  }
  return { blockOf, blockBytes, bound: livenessBound(tensors), total: tensors.reduce((sum, t) => sum + t.bytes, 0) };
}

function livenessBound(tensors: readonly Lifetime[]): number {
  const change = new Map<number, number>();
  for (const { bytes, first, last } of tensors) {
    change.set(first, (change.get(first) ?? 0) + bytes);
    change.set(last + 1, (change.get(last + 1) ?? 0) - bytes);
  }
  let live = 0;
  let peak = 0;
  for (const [, delta] of [...change].sort(([a], [b]) => a - b)) {
    live += delta;
    peak = Math.max(peak, live);
  }
  return peak;
}
