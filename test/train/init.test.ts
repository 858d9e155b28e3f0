import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load';
import type { HostTensor } from '../../src/io/checkpoint';
import { loadCheckpoint } from '../../src/io/load';
import { writeSafetensors } from '../../src/io/safetensors';
import type { MaskRcnnConfig } from '../../src/models/config';
import { Detector } from '../../src/models/detector';
import { describeInit, initFrom } from '../../src/train/init';
import type { ParameterShape } from '../../src/train/initial_weights';
import { temporaryFolder } from '../data/temporary_folder';
import { inputError } from '../io/checks';

const SHARED = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const missing = ['slim', 'resnet18'].every((folder) => existsSync(`${SHARED}${folder}`))
  ? undefined
  : 'skipped: ../shared/data/slim and ../shared/data/resnet18 are not there';

const inFolder = temporaryFolder();
const { model: slim } = loadConfig('mask_rcnn_slim');

const parametersOf = (config: MaskRcnnConfig): ParameterShape[] => {
  return [...Detector.expectedParameters(config)].map(([name, shape]) => ({ name, shape }));
};

function write(name: string, shapes: Record<string, readonly number[]>): string {
  const tensors = new Map<string, HostTensor>();
  let value = 0;
  for (const [tensor, shape] of Object.entries(shapes)) {
    const length = shape.reduce((product, size) => product * size, 1);
    tensors.set(tensor, { shape: [...shape], dtype: 'f32', data: new Float32Array(length).fill(++value) });
  }
  const path = inFolder(name);
  writeFileSync(path, writeSafetensors(tensors));
  return path;
}

const shapesOf = (config: MaskRcnnConfig): Record<string, readonly number[]> => {
  return Object.fromEntries(Detector.expectedParameters(config));
};

describe('initFrom', () => {
  it('takes all of weights of the same form', async () => {
    const path = write('same.safetensors', shapesOf(slim));
    const found = await initFrom(path, parametersOf(slim));
    expect([...found.taken.keys()]).toEqual(Object.keys(shapesOf(slim)));
    expect(Object.keys(shapesOf(slim)).every((name, i) => found.taken.get(name)?.[0] === i + 1)).toBe(true);
    expect([found.missing, found.unused, found.mismatched]).toEqual([[], [], []]);
    const count = found.taken.size;
    expect(describeInit(path, found)).toEqual([
      `${path}: ${count} of the model's ${count} tensors begin with its values`,
    ]);
  });

  it('leaves the heads of another number of classes to begin anew, and says so', async () => {
    const path = write('classes.safetensors', shapesOf({ ...slim, classes: 91 }));
    const found = await initFrom(path, parametersOf({ ...slim, classes: 4 }));
    expect(found.mismatched).toEqual([
      { name: 'roi_heads.box_predictor.cls_score.weight', found: [91, 256], wanted: [4, 256] },
      { name: 'roi_heads.box_predictor.cls_score.bias', found: [91], wanted: [4] },
      { name: 'roi_heads.box_predictor.bbox_pred.weight', found: [364, 256], wanted: [16, 256] },
      { name: 'roi_heads.box_predictor.bbox_pred.bias', found: [364], wanted: [16] },
      { name: 'roi_heads.mask_predictor.mask_fcn_logits.weight', found: [91, 64, 1, 1], wanted: [4, 64, 1, 1] },
      { name: 'roi_heads.mask_predictor.mask_fcn_logits.bias', found: [91], wanted: [4] },
    ]);
    expect(found.mismatched.some(({ name }) => found.taken.has(name))).toBe(false);
    expect(describeInit(path, found)[1]).toMatch(
      /^begin anew, for the file has 90 classes and the model 3: roi_heads\.box_predictor\.cls_score\.weight, .*bias$/,
    );
  });

  it('lists what is of another form', async () => {
    const shapes = { ...shapesOf(slim), extra: [3], 'rpn.head.conv.0.0.bias': [65] };
    delete (shapes as Record<string, unknown>)['roi_heads.box_head.fc7.weight'];
    const path = write('other.safetensors', shapes);
    const found = await initFrom(path, parametersOf(slim));
    expect(found.mismatched).toEqual([{ name: 'rpn.head.conv.0.0.bias', found: [65], wanted: [64] }]);
    expect([found.missing, found.unused]).toEqual([['roi_heads.box_head.fc7.weight'], ['extra']]);
    expect(describeInit(path, found).slice(1)).toEqual([
      'begin anew, being of another shape: rpn.head.conv.0.0.bias ([65] in the file, [64] in the model)',
      'begin anew, not being in the file: roi_heads.box_head.fc7 (weight)',
      'in the file and of no use here: extra',
    ]);
  });

  it('takes a checkpoint of a run, averages before weights, and nothing of the optimizer', async () => {
    const path = write('run.safetensors', {
      'rpn.head.conv.0.0.bias': [64],
      'ema/rpn.head.conv.0.0.bias': [64],
      'optimizer/momentum/rpn.head.conv.0.0.bias': [64],
    });
    const { taken, unused } = await initFrom(path, parametersOf(slim));
    expect([...taken].map(([name, data]) => [name, data[0]])).toEqual([['rpn.head.conv.0.0.bias', 2]]);
    expect(unused).toEqual([]);
  });

  it("takes a classifier's body for the backbone", async () => {
    const body = Object.entries(shapesOf(slim)).filter(([name]) => name.startsWith('backbone.body.'));
    const shapes = Object.fromEntries(body.map(([name, shape]) => [name.slice('backbone.body.'.length), shape]));
    const path = write('resnet18.safetensors', {
      ...shapes,
      'fc.weight': [1000, 512],
      'layer4.0.conv1.weight': [512, 256, 3, 3],
    });
    const found = await initFrom(path, parametersOf(slim));
    expect([...found.taken.keys()]).toEqual(body.map(([name]) => name));
    expect(found.missing.every((name) => !name.startsWith('backbone.body.'))).toBe(true);
    expect(found.unused).toEqual(['fc.weight', 'backbone.body.layer4.0.conv1.weight']);
  });

  it.each<[string, Record<string, readonly number[]>, RegExp]>([
    ['of another family', { 'backbone.bottom_up.stem.conv1.weight': [64, 3, 7, 7] }, /weights of a Detectron2 model/],
    ['of anything else', { a: [1], b: [2] }, /\(its tensors are a, b\)/],
    [
      'of another body',
      { 'backbone.body.conv1.weight': [32, 3, 7, 7] },
      /conv1\.weight is \[32,3,7,7\] there and \[64,3,7,7\]/,
    ],
    ['of nothing', {}, /its tensors are none/],
  ])('refuses weights %s', async (_, shapes, expected) => {
    const message = await inputError(() => initFrom(write('refused.safetensors', shapes), parametersOf(slim)));
    expect(message).toMatch(/: nothing in it fits the model to train \(/);
    expect(message).toMatch(expected);
  });

  it('refuses what is no weights', async () => {
    writeFileSync(inFolder('text.pth'), 'hello');
    expect(await inputError(() => initFrom(inFolder('text.pth'), parametersOf(slim)))).toContain('a text file');
    expect(await inputError(() => initFrom(inFolder('nowhere'), parametersOf(slim)))).toContain('no such file');
    mkdirSync(inFolder('folder'));
    expect(await inputError(() => initFrom(inFolder('folder'), parametersOf(slim)))).toContain('no .npy files');
  });
});

describe.skipIf(missing !== undefined)(
  `initFrom with real weights${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    it("takes torchvision's slim.pth and slim.safetensors alike, for 3 classes without the predictors", async () => {
      const parameters = parametersOf({ ...slim, classes: 3 });
      const [pth, safe] = await Promise.all(
        ['pth', 'safetensors'].map((kind) => initFrom(`${SHARED}slim/slim.${kind}`, parameters)),
      );
      expect(pth.mismatched).toHaveLength(6);
      expect([pth.missing, pth.unused]).toEqual([[], []]);
      expect(pth.taken.size).toBe(parameters.length - 6);
      for (const [name, data] of pth.taken) {
        const same = Buffer.from(data.buffer, data.byteOffset, data.byteLength).equals(
          Buffer.from(safe.taken.get(name)!.buffer),
        );
        expect(same, name).toBe(true);
      }
    });

    it('makes of the folded ResNet-18 the frozen body that the slim weights were trained with', async () => {
      const found = await initFrom(`${SHARED}resnet18`, parametersOf(slim), { normEps: slim.backbone.normEps });
      const body = parametersOf(slim).filter(({ name }) => name.startsWith('backbone.body.'));
      expect([...found.taken.keys()]).toEqual(body.map(({ name }) => name));
      expect(found.mismatched).toEqual([]);
      expect(found.unused.every((name) => /^fc\.|^backbone\.body\.layer4\./.test(name))).toBe(true);
      // what did not train in that run is still as it began: the norms and conv1
      const trained = await loadCheckpoint(`${SHARED}slim/slim.safetensors`);
      const frozen = body.filter(({ name }) => /\.(bn\d|downsample\.1)\.|body\.conv1\./.test(name));
      expect(frozen).toHaveLength(4 * 15 + 1);
      for (const { name } of frozen) {
        const wanted = trained.tensors.get(name)!.data as Float32Array;
        const data = found.taken.get(name)!;
        const farthest = data.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0);
        expect(farthest, name).toBe(0);
      }
      // and the others have moved, but not far
      const name = 'backbone.body.layer3.1.conv2.weight';
      const [before, after] = [found.taken.get(name)!, trained.tensors.get(name)!.data as Float32Array];
      const norm = (values: Float32Array): number => Math.hypot(...Array.from(values.subarray(0, 50_000)));
      const moved = norm(before.map((value, i) => value - after[i])) / norm(before);
      expect(moved).toBeGreaterThan(0.01);
      expect(moved).toBeLessThan(1);
      expect(readFileSync(`${SHARED}slim/README.md`, 'utf8')).toContain('mean 0, variance 1 - eps');
    });
  },
);
