import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load';
import { matchDetections, matchedShare, sumMatches } from '../../src/eval/match_detections';
import { CompiledGraph } from '../../src/graph/compile';
import type { Graph, Tensor } from '../../src/graph/graph';
import { ParameterStore } from '../../src/graph/parameters';
import { fromStored } from '../../src/kernels/tensor';
import type { MaskRcnnConfig } from '../../src/models/config';
import { Detector } from '../../src/models/detector';
import { modelImageSize } from '../../src/models/image_size';
import { maskRcnnGraph } from '../../src/models/mask_rcnn';
import { expectClose } from '../helpers/compare';
import { testDevice } from '../helpers/gpu';
import { formulaWeights, modelFixture, pattern } from './formula_weights';

const fixture = modelFixture('mask_rcnn_r50');
const SAMPLES = 64;
const BOUND = 1e-3;

let config: MaskRcnnConfig;
let weights: Map<string, Float32Array>;
let before: { live: number; count: number };

beforeAll(async () => {
  const { memory } = await testDevice();
  before = { live: memory.live, count: memory.count };
  const { model } = loadConfig('mask_rcnn_r50_fpn');
  config = {
    ...model,
    backbone: { ...model.backbone, normEps: 1e-5 },
    image: { ...model.image, minSize: 320, maxSize: 320 },
  };
  weights = formulaWeights(config, fixture);
});

afterAll(async () => {
  const { memory } = await testDevice();
  expect({ live: memory.live, count: memory.count }, 'memory after the release').toEqual(before);
});

/** The output of the node in a scope, of whichever op. */
function nodeOutput(graph: Graph, scope: string): Tensor {
  const nodes = graph.nodes.filter((node) => node.scope === scope);
  expect(nodes, scope).toHaveLength(1);
  return nodes[0].outputs[0];
}

/** The tensors that the fixture has samples of. */
function sampledTensors(graph: Graph): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  [2, 3, 5, 2].forEach((lastBlock, stage) => {
    tensors.set(`C${stage + 2}`, nodeOutput(graph, `backbone.body.layer${stage + 1}.${lastBlock}`));
  });
  for (let level = 0; level < 5; level++) {
    const scope = level < 4 ? `backbone.fpn.layer_blocks.${level}.0` : 'backbone.fpn.pool.0';
    tensors.set(`P${level + 2}`, nodeOutput(graph, scope));
    tensors.set(`logits${level + 2}`, nodeOutput(graph, `rpn.level${level}.rpn.head.cls_logits`));
    tensors.set(`deltas${level + 2}`, nodeOutput(graph, `rpn.level${level}.rpn.head.bbox_pred`));
  }
  return tensors;
}

/** Values of a map [1, H, W, C] at (i * 104729) mod the number of elements in the order C, H, W. */
function sample({ spec }: Tensor, memory: ArrayBuffer): Float32Array {
  const [, height, width, channels] = spec.shape;
  const values = fromStored(spec, memory);
  return Float32Array.from({ length: SAMPLES }, (_, i) => {
    const at = (i * 104729) % (height * width * channels);
    const channel = Math.floor(at / (height * width));
    return values[(at % (height * width)) * channels + channel];
  });
}

test('the features and the outputs of the RPN are those of torchvision', async () => {
  const [{ image, samples = {} }] = fixture.cases;
  const { height, width, paddedHeight, paddedWidth } = modelImageSize(image.height, image.width, config.image);
  const { data } = pattern(image);
  const graph = maskRcnnGraph(config, { paddedHeight, paddedWidth, pixelBytes: data.length, rleBytes: 1 << 16 });
  const tensors = sampledTensors(graph);
  expect([...tensors.keys()].sort()).toEqual(Object.keys(samples).sort());
  graph.outputs.clear();
  tensors.forEach((tensor, name) => graph.output(name, tensor));
  const store = new ParameterStore(await testDevice(), weights);
  const compiled = await CompiledGraph.create(graph, store, { label: 'features' });
  const imageInfo = new Uint32Array([image.height, image.width, height, width]);
  const { outputs } = await compiled.run({ pixels: data as Uint8Array<ArrayBuffer>, imageInfo });
  for (const [name, tensor] of tensors) {
    expectClose(sample(tensor, outputs.get(name) as ArrayBuffer), samples[name], BOUND, name);
  }
  compiled.release();
  store.release();
});

test('the detections are those of torchvision', async () => {
  const detector = new Detector(await testDevice(), config, weights);
  const matches = [];
  for (const { image, detections } of fixture.cases) {
    const { objects, profile } = await detector.detect(pattern(image));
    expect(profile).toMatchObject({ submissions: 1, readbacks: 1 });
    matches.push(matchDetections(objects, detections));
  }
  detector.release();
  const { first, second } = sumMatches(matches);
  console.log(`matched: ${first.matched} of our ${first.asked}, ${second.matched} of torchvision's ${second.asked}`);
  expect(second.asked).toBeGreaterThan(100);
  expect(matchedShare(first)).toBeGreaterThanOrEqual(0.99);
  expect(matchedShare(second)).toBeGreaterThanOrEqual(0.99);
});
