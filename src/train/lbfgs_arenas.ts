import { CompiledGraph } from '../graph/compile';
import { Graph, type Tensor } from '../graph/graph';
import type { ParameterStore } from '../graph/parameters';
import type { ArenaLayout, StateStore } from '../graph/states';
import { combineChunks, reduceChunk, type ReducingFunction } from '../kernels/optimizers/arena';
import { dense } from '../kernels/tensor';

/** Linear algebra on arenas of states, each as one vector, led by the host: a graph for each combination of arenas in use. */
export class ArenaAlgebra {
  private readonly graphs = new Map<string, CompiledGraph>();

  constructor(
    private readonly store: ParameterStore,
    private readonly states: StateStore,
    private readonly layout: ArenaLayout,
  ) {}

  dot(a: string, b: string): Promise<number> {
    return this.reduce('products', a, b);
  }

  sumOfMagnitudes(a: string): Promise<number> {
    return this.reduce('magnitudes', a);
  }

  largestMagnitude(a: string): Promise<number> {
    return this.reduce('largest', a);
  }

  /** y = byX x + byY y, for two different arenas. */
  async combine(y: string, byX: number, x: string, byY: number): Promise<void> {
    const graph = await this.graph(`${y} from ${x}`, (build, chunks) => {
      const factors = build.input('factors', dense([2]));
      const [ys, xs] = [chunks(y), chunks(x)];
      ys.forEach((chunk, i) => build.apply(combineChunks, [chunk, xs[i], factors], {}));
    });
    await graph.run({ factors: Float32Array.of(byX, byY) });
  }

  copy(to: string, from: string): Promise<void> {
    return this.combine(to, 1, from, 0);
  }

  release(): void {
    this.graphs.forEach((graph) => graph.release());
    this.graphs.clear();
  }

  private async reduce(name: ReducingFunction, ...arenas: string[]): Promise<number> {
    const graph = await this.graph(`${name} of ${arenas.join(' and ')}`, (build, chunks) => {
      const [as, bs] = arenas.map(chunks);
      as.forEach((a, i) => {
        const inputs = bs === undefined ? [a] : [a, bs[i]];
        build.output(String(i), build.apply1(reduceChunk, inputs, { function: name }));
      });
    });
    const { outputs } = await graph.run({});
    let result = 0;
    for (const part of [...outputs.values()].flatMap((memory) => [...new Float32Array(memory)])) {
      result = name === 'largest' ? Math.max(result, part) : result + part;
    }
    return result;
  }

  private async graph(
    key: string,
    add: (build: Graph, chunks: (arena: string) => Tensor[]) => void,
  ): Promise<CompiledGraph> {
    const known = this.graphs.get(key);
    if (known !== undefined) {
      return known;
    }
    const build = new Graph();
    add(build, (arena) => this.layout.chunks.map((length, i) => build.state(`${arena}/${i}`, dense([length]))));
    const graph = await CompiledGraph.create(build, this.store, { label: `L-BFGS ${key}`, states: this.states });
    this.graphs.set(key, graph);
    return graph;
  }
}
