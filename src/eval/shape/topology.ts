import type { Crop } from './crop';

export interface Topology {
  /** Parts of the foreground, which hang together over edges and corners (8-connected). */
  readonly parts: number;
  /** Parts of the background, which hang together over edges (4-connected), without the outer one. */
  readonly holes: number;
}

/**
 * Counts parts and holes from the graph whose nodes are the runs of the rows and whose edges join runs of neighbouring
 * rows that touch over an edge or a corner. Its components are the parts; every independent cycle goes around a hole, so
 * there are edges - nodes + components of them.
 */
export function topologyOf({ width, height, data }: Crop): Topology {
  const parents: number[] = [];
  const root = (node: number): number => {
    let at = node;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at]];
      at = parents[at];
    }
    return at;
  };
  let [edges, merges] = [0, 0];
  /** Of the row above and of this one: first and last column of each run; run k is node `base + k`. */
  let above: { readonly base: number; readonly ends: number[] } = { base: 0, ends: [] };
  for (let row = 0; row < height; row++) {
    const ends = runsOf(data.subarray(row * width, (row + 1) * width));
    const base = parents.length;
    let first = 0;
    for (let k = 0; k < ends.length; k += 2) {
      const node = base + k / 2;
      parents.push(node);
      while (first < above.ends.length && above.ends[first + 1] < ends[k] - 1) {
        first += 2;
      }
      for (let j = first; j < above.ends.length && above.ends[j] <= ends[k + 1] + 1; j += 2) {
        edges++;
        const [a, b] = [root(above.base + j / 2), root(node)];
        if (a !== b) {
          parents[b] = a;
          merges++;
        }
      }
    }
    above = { base, ends };
  }
  const parts = parents.length - merges;
  return { parts, holes: edges - parents.length + parts };
}

/** First and last column of each run of 1 in a row. */
function runsOf(line: Uint8Array): number[] {
  const ends: number[] = [];
  for (let x = line.indexOf(1); x >= 0; x = line.indexOf(1, x)) {
    const start = x;
    while (line[x] === 1) {
      x++;
    }
    ends.push(start, x - 1);
  }
  return ends;
}
