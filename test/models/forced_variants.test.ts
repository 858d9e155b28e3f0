import { describe, expect, test } from 'vitest';
import { matchDetections, matchedShare } from '../../src/eval/match_detections';
import type { Node } from '../../src/graph/graph';
import type { VariantChooser } from '../../src/graph/tuning';
import { defaultGemm, TILE_NAMES } from '../../src/kernels/gemm/variants';
import type { MaskRcnnConfig } from '../../src/models/config';
import { Detector } from '../../src/models/detector';
import { testDevice } from '../helpers/gpu';
import { expectNoLeaks } from '../helpers/leaks';
import { formulaWeights, modelFixture, pattern, type ModelFixture } from './formula_weights';

interface Model extends ModelFixture {
  readonly name: string;
  readonly config: MaskRcnnConfig;
}

expectNoLeaks();

/** Chooses one variant wherever an op can do it, and counts how often. */
class Forced implements VariantChooser {
  readonly ops: string[] = [];

  constructor(private readonly variant: string) {}

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  variantOf(node: Node): string | undefined {
    const chooses = node.op.candidates !== undefined;
    if (!chooses || (this.variant === 'winograd' && !isWinogradConv(node))) {
      return undefined;
    }
    this.ops.push(node.op.name);
    return this.variant;
  }
}

function isWinogradConv({ op, inputs, attributes }: Node): boolean {
  const { stride } = attributes as { stride?: number[] };
  return op.name === 'conv2d' && inputs[1]?.spec.shape.slice(2).join() === '3,3' && stride?.join() === '1,1';
}

/** By turns: a residual network with a pyramid, and one whose maps fit no tile. */
const MODELS = modelFixture<Model[]>('mask_rcnn_variants').filter((_, i) => i === 0 || i === 4);
const VARIANTS = ['plain', 'panel', 'winograd', ...TILE_NAMES.map((name) => `tiled ${name}`)];

/** The whole model by each family of kernels, against torchvision: the same detections come out. */
describe('all by', () => {
  test.for(VARIANTS.map((variant, i) => ({ variant, model: MODELS[i % MODELS.length] })))(
    '$variant',
    async ({ variant, model }, { skip }) => {
      const { config, cases, ...rest } = model;
      const gpu = await testDevice();
      const tuner = new Forced(variant);
      skip(
        variant === 'panel' && defaultGemm(gpu.capabilities) !== 'panel',
        'panel is for software adapters with subgroups',
      );
      const detector = new Detector(gpu, config, formulaWeights(config, rest), { tuner });
      try {
        for (const { image, detections } of cases) {
          const { objects } = await detector.detect(pattern(image));
          const { first, second } = matchDetections(objects, detections);
          expect(second.asked).toBeGreaterThan(0);
          expect({ ours: matchedShare(first), torchvision: matchedShare(second) }).toEqual({ ours: 1, torchvision: 1 });
        }
      } finally {
        detector.release();
      }
      const wanted = variant === 'winograd' ? ['conv2d'] : ['conv2d', 'convTranspose2d', 'linear'];
      expect(new Set(tuner.ops)).toEqual(new Set(wanted));
    },
  );
});
