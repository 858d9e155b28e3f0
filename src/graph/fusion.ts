import type { Graph } from './graph';

/** Rewrites the graph in place. */
export function fuse(graph: Graph): void {
  void graph;
}
