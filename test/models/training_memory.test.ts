import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load';
import { backpropagate } from '../../src/graph/differentiate';
import type { Capabilities } from '../../src/gpu/capabilities';
import { fuse } from '../../src/graph/fusion';
import { Graph } from '../../src/graph/graph';
import { lifetimesOf } from '../../src/graph/lifetimes';
import { lowerGraph } from '../../src/graph/lower';
import { planMemory } from '../../src/graph/memory_plan';
import { recomputeStages } from '../../src/graph/recompute';
import { accumulate } from '../../src/kernels/accumulate';
import { fill } from '../../src/kernels/fill';
import { dense, featureMap } from '../../src/kernels/tensor';
import type { MaskRcnnConfig } from '../../src/models/config';
import { Detector } from '../../src/models/detector';
import { LOSSES, maskRcnnLosses, type MaskRcnnTrainingSettings } from '../../src/models/mask_rcnn_training';
import type { TrainingImage } from '../../src/models/training_image';
import { trainingStage } from '../../src/models/training_stages';
import { testDevice } from '../helpers/gpu';
import { modelFixture } from './formula_weights';

/** What test/reference/models/training_memory.py writes; bytes. */
type MemoryFixture = Readonly<
  Record<string, { readonly height: number; readonly width: number; readonly saved: number; readonly peak: number }>
>;

const OBJECTS = 150;
const PROPOSALS = { positiveIou: 0.7, negativeIou: 0.3, samples: 256, positiveShare: 0.5 };
const REGIONS = { positiveIou: 0.5, negativeIou: 0.5, positiveShare: 0.25 };
const SLIM: MaskRcnnTrainingSettings = {
  proposals: { ...PROPOSALS, preNmsTopN: 1000, postNmsTopN: 500 },
  regions: { ...REGIONS, samples: 256 },
};
const R50: MaskRcnnTrainingSettings = {
  proposals: { ...PROPOSALS, preNmsTopN: 2000, postNmsTopN: 2000 },
  regions: { ...REGIONS, samples: 512 },
};

function inputsOf(graph: Graph, name: string, height: number, width: number): TrainingImage {
  const input = (part: string, shape: number[], dtype: 'u32' | 'f32' = 'u32') =>
    graph.input(`${name}.${part}`, dense(shape, dtype));
  return {
    image: graph.input(`${name}.image`, featureMap([1, height, width, 3])),
    imageInfo: input('imageInfo', [4]),
    boxes: graph.withCount(input('boxes', [OBJECTS, 4], 'f32'), input('count', [1])),
    labels: input('labels', [OBJECTS]),
    crowd: input('crowd', [OBJECTS]),
    placements: input('placements', [OBJECTS, 5]),
    words: input('words', [OBJECTS * 32]),
  };
}

/** Bytes of the plan of a pass of training in which all but the stem train. */
function plan(
  config: MaskRcnnConfig,
  sampling: MaskRcnnTrainingSettings,
  { height, width, images }: { readonly height: number; readonly width: number; readonly images: number },
  checkpointing: boolean,
  capabilities: Capabilities,
): { readonly planned: number; readonly bound: number } {
  const shapes = Detector.expectedParameters(config);
  const names = [...shapes.keys()].filter((name) => {
    const isNorm = shapes.has(name.replace(/[^.]+$/, 'running_var'));
    return !isNorm && !name.startsWith('backbone.body.conv1');
  });
  const graph = new Graph(new Set(names));
  const batch = Array.from({ length: images }, (_, i) => inputsOf(graph, `image${i}`, height, width));
  const losses = maskRcnnLosses(graph, batch, graph.input('random', dense([2], 'u32')), config, sampling);
  fuse(graph);
  const forward = graph.nodes.length;
  const one = graph.apply1(fill, [], { shape: [1], layout: 'dense', value: 1 });
  const parameters = names.map((name) => graph.states.get(name)!);
  const gradients = backpropagate(
    graph,
    LOSSES.map((name) => [losses[name], one] as const),
    parameters,
  );
  names.forEach((name, i) => {
    const state = graph.state(`gradient/${name}`, parameters[i].spec);
    graph.apply(accumulate, [state, gradients[i], null], {});
  });
  if (checkpointing) {
    recomputeStages(graph, forward, trainingStage);
  }
  const lowered = lowerGraph(
    graph,
    capabilities,
    () => undefined,
    () => true,
  );
  const placed = [...graph.inputs.values(), ...graph.states.values()].map((tensor) => lowered.operandOf(tensor).id);
  const lifetimes = lifetimesOf(lowered.calls, [], ({ id }) => placed.includes(id));
  const { blockBytes, bound } = planMemory([...lifetimes.values()]);
  return { planned: blockBytes.reduce((sum, bytes) => sum + bytes, 0), bound };
}

describe('memory of a pass of training', () => {
  const reference = modelFixture<MemoryFixture>('training_memory');
  const models = {
    slim: [loadConfig('mask_rcnn_slim').model, SLIM],
    r50: [loadConfig('mask_rcnn_r50_fpn').model, R50],
  } as const;

  test.each(Object.keys(reference))(
    '%s: at most 1.3 times the peak of PyTorch, and less with checkpointing',
    async (name) => {
      const [config, sampling] = models[name.split(' ')[0] as keyof typeof models];
      const { peak, height, width } = reference[name];
      // as a GPU has it: no subgroups, large bindings
      const capabilities = {
        ...(await testDevice()).capabilities,
        software: false,
        subgroupSize: 0,
        maxBindingSize: 2 ** 31 - 4,
      };
      const plain = plan(config, sampling, { height, width, images: 1 }, false, capabilities);
      expect(plain.planned).toBeLessThan(1.3 * peak);
      const again = plan(config, sampling, { height, width, images: 1 }, true, capabilities);
      expect(again.bound).toBeLessThan(plain.bound);
      expect(again.planned).toBeLessThan(plain.planned);
      // two images: the heads of the first are freed before those of the second
      if (name !== 'r50') {
        const [both, bothAgain] = [false, true].map((checkpointing) =>
          plan(config, sampling, { height, width, images: 2 }, checkpointing, capabilities),
        );
        expect(bothAgain.planned).toBeLessThan(0.95 * both.planned);
      }
    },
  );
});
