import { describe, expect, it } from 'vitest';
import { formula } from '../../src/bench/formula';
import { formulaWeights } from '../../src/bench/formula_weights';
import { CompiledGraph } from '../../src/graph/compile';
import { ParameterStore } from '../../src/graph/parameters';
import { featureMap, fromStored, toStored } from '../../src/kernels/tensor';
import type { ResnetName } from '../../src/models/config';
import { resnetClassifierGraph } from '../../src/models/resnet_classifier';
import { expectClose, toNhwc } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { testDevice } from '../helpers/gpu';

interface Case {
  readonly model: ResnetName;
  /** [N, 3, H, W] */
  readonly image: readonly [number, number, number, number];
  readonly classes: number;
}

const cases = fixtures<Case>('resnet_classifier').filter(({ outputs }) => 'logits' in outputs);

describe('resnetClassifierGraph', () => {
  it.each(cases)('agrees with torchvision: $name', async ({ attributes: { model, image, classes }, outputs }) => {
    const gpu = await testDevice();
    const [images, , height, width] = image;
    const graph = resnetClassifierGraph({ name: model, classes, normEps: 1e-5 }, [images, height, width]);
    const shapes = new Map([...graph.parameters].map(([name, { spec }]) => [name, spec.shape]));
    const store = new ParameterStore(gpu, formulaWeights(shapes));
    const [logits] = [...graph.outputs.values()];
    const compiled = await CompiledGraph.create(graph, store, { label: 'ResNet classifier' });
    try {
      const values = toNhwc(formula(images * 3 * height * width, 1), image);
      const spec = featureMap([images, height, width, 3]);
      const run = await compiled.run({ image: toStored(spec, values) as Float32Array<ArrayBuffer> });
      expect(logits.spec.shape).toEqual([images, classes]);
      const actual = fromStored(logits.spec, run.outputs.get('logits') as ArrayBuffer);
      expectClose(actual, outputs.logits.data, 1e-4, 'logits');
    } finally {
      compiled.release();
      store.release();
    }
  });

  it("has torchvision's parameters", () => {
    const graph = resnetClassifierGraph({ name: 'resnet50', classes: 1000, normEps: 1e-5 }, [1, 224, 224]);
    const count = [...graph.parameters.values()].reduce((sum, { spec }) => sum + spec.shape.reduce((a, b) => a * b), 0);
    // 25,557,032 as torchvision states it, and mean and variance of 53 BatchNorms
    expect(count).toBe(25_557_032 + 2 * 26_560);
    expect([...graph.parameters.keys()]).toEqual(
      expect.arrayContaining(['conv1.weight', 'layer4.2.bn3.running_var', 'layer1.0.downsample.0.weight', 'fc.bias']),
    );
  });
});
