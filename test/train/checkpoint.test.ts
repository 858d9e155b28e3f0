import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configFromCheckpoint, loadConfig, resolveConfig } from '../../src/config/load';
import { describeCheckpoint } from '../../src/io/describe';
import { loadCheckpoint as loadWeights } from '../../src/io/load';
import { matchParameters } from '../../src/io/match';
import { parseSafetensors, writeSafetensors } from '../../src/io/safetensors';
import { Detector } from '../../src/models/detector';
import { loadCheckpoint, loadResumable, saveCheckpoint, type Checkpoint } from '../../src/train/checkpoint';
import { initialWeights } from '../../src/train/initial_weights';
import { temporaryFolder } from '../data/temporary_folder';
import { inputError, neverCrashes } from '../io/checks';

const inFolder = temporaryFolder();

/** Bits of every kind that a finite f32 has: signed zeros, subnormal and the largest numbers. */
const ODD = Float32Array.of(0, -0, 1e-45, -1e-45, 1.17549435e-38, 3.4028235e38, -3.4028235e38, 0.1, 1 / 3);

const small: Checkpoint = {
  tensors: new Map([
    ['a.weight', { shape: [3, 3], data: ODD }],
    ['optimizer/momentum/a.weight', { shape: [3, 3], data: ODD.map((value) => -value) }],
    ['ema/a.weight', { shape: [9], data: ODD.map((value) => value / 2) }],
    ['empty', { shape: [0, 4], data: new Float32Array(0) }],
    ['scalar', { shape: [], data: Float32Array.of(7) }],
    // a view into a larger buffer, at an offset
    ['view', { shape: [2], data: new Float32Array(ODD.buffer, 8, 2) }],
  ]),
  state: {
    step: 120,
    epoch: 3,
    seed: 2 ** 32 - 1,
    best: { metric: 'segm_AP', value: 1 / 3, step: 100 },
    extra: { earlyStopping: { since: 2, best: 0.1 }, 'a "name" é\u0000': [null, true, 1e-300] },
  },
  configYaml: 'model: {classes: 2}\n# ünïcode "quotes" \\ and\ttabs\n',
};

const bitsOf = (checkpoint: Checkpoint): [string, readonly number[], string][] => {
  return [...checkpoint.tensors].map(([name, { shape, data }]) => {
    return [name, shape, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')];
  });
};

describe('saveCheckpoint and loadCheckpoint', () => {
  it('give everything back, bit for bit', async () => {
    await saveCheckpoint(inFolder('small.safetensors'), small);
    const again = await loadCheckpoint(inFolder('small.safetensors'));
    expect(bitsOf(again).sort()).toEqual(bitsOf(small).sort());
    expect(again.state).toEqual(small.state);
    expect(again.configYaml).toBe(small.configYaml);
  });

  it('give back any tensors and steps', async () => {
    const path = inFolder('any.safetensors');
    const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
    const tensors = fc.dictionary(fc.string({ minLength: 1 }), fc.array(finite, { maxLength: 20 }), { maxKeys: 6 });
    await fc.assert(
      fc.asyncProperty(tensors, fc.nat(), fc.jsonValue(), async (named, step, extra) => {
        const entries = Object.entries(named).filter(
          ([name]) => !/^(__metadata__|__proto__|(module|_orig_mod)\..*)$/.test(name),
        );
        const checkpoint: Checkpoint = {
          tensors: new Map(
            entries.map(([name, values]) => [name, { shape: [values.length], data: Float32Array.from(values) }]),
          ),
          // -0 is no JSON
          state: { step, epoch: 0, seed: 1, best: null, extra: { it: JSON.parse(JSON.stringify(extra)) as unknown } },
          configYaml: null,
        };
        await saveCheckpoint(path, checkpoint);
        const again = await loadCheckpoint(path);
        expect(bitsOf(again).sort()).toEqual(bitsOf(checkpoint).sort());
        expect(again.state).toEqual(checkpoint.state);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  it('write the same bytes for the same checkpoint', async () => {
    const paths = [inFolder('one.safetensors'), inFolder('two.safetensors')];
    await Promise.all(paths.map((path) => saveCheckpoint(path, small)));
    expect(readFileSync(paths[0]).equals(readFileSync(paths[1]))).toBe(true);
  });

  it('refuse to write a state that is no plain data', async () => {
    const state = { ...small.state!, best: { metric: 'segm_AP', value: NaN, step: 1 } };
    await expect(saveCheckpoint(inFolder('nan.safetensors'), { ...small, state })).rejects.toThrow(/number/);
  });
});

describe('loadCheckpoint of files that are none', () => {
  const valid = async (): Promise<Uint8Array> => {
    await saveCheckpoint(inFolder('valid.safetensors'), small);
    return new Uint8Array(readFileSync(inFolder('valid.safetensors')));
  };
  const load = (bytes: Uint8Array): Promise<Checkpoint> => {
    writeFileSync(inFolder('hostile.safetensors'), bytes);
    return loadCheckpoint(inFolder('hostile.safetensors'));
  };

  it('refuses every truncation', async () => {
    const bytes = await valid();
    for (let length = 0; length < bytes.length; length += length < 64 ? 1 : 7) {
      expect(await inputError(() => load(bytes.subarray(0, length))), `${length} bytes`).toContain(
        'hostile.safetensors',
      );
    }
  });

  it('takes or refuses any changed byte, and nothing else', async () => {
    const bytes = await valid();
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const changed = Uint8Array.from(bytes);
        changed[at] ^= change;
        await neverCrashes(() => load(changed));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['not JSON', '{', /its metadata engine\.training is not JSON; resume from another/],
    ['a list', '[]', /has an unknown form/],
    ['null', 'null', /has an unknown form/],
    ['a step below 0', '{"step":-1,"epoch":0,"seed":1,"best":null,"extra":{}}', /has a wrong "step"/],
    ['half a step', '{"step":0.5,"epoch":0,"seed":1,"best":null,"extra":{}}', /has a wrong "step"/],
    ['a huge seed', '{"step":1,"epoch":0,"seed":1e10,"best":null,"extra":{}}', /has a wrong "seed"/],
    [
      'a best without a value',
      '{"step":1,"epoch":0,"seed":1,"best":{"metric":"a","step":1},"extra":{}}',
      /"best\.value"/,
    ],
    ['no extra', '{"step":1,"epoch":0,"seed":1,"best":null}', /has a wrong "extra"/],
    ['an unknown key', '{"step":1,"epoch":0,"seed":1,"best":null,"extra":{},"x":1}', /has an unknown form/],
  ])('refuses a state that is %s', async (_, text, expected) => {
    const bytes = writeSafetensors(new Map(), { 'engine.training': text, 'engine.config': 'model: {}' });
    expect(await inputError(() => load(bytes))).toMatch(expected);
  });

  it('refuses NaN, and tensors of whole numbers', async () => {
    const nan: Checkpoint = { ...small, tensors: new Map([['w', { shape: [1], data: Float32Array.of(NaN) }]]) };
    await saveCheckpoint(inFolder('nan.safetensors'), nan);
    expect(await inputError(() => loadCheckpoint(inFolder('nan.safetensors')))).toContain('"w" of shape [1] holds NaN');
    const whole = writeSafetensors(new Map([['w', { shape: [1], dtype: 'i32', data: Int32Array.of(1) }]]));
    expect(await inputError(() => load(whole))).toContain('tensor "w" is of whole numbers (i32)');
  });

  it('says that weights alone cannot be resumed', async () => {
    await saveCheckpoint(inFolder('weights.safetensors'), { ...small, state: null });
    expect((await loadCheckpoint(inFolder('weights.safetensors'))).state).toBeNull();
    const message = await inputError(() => loadResumable(inFolder('weights.safetensors')));
    expect(message).toMatch(/these are weights alone.*--set train\.init=.*weights\.safetensors\.$/);
    expect(await inputError(() => loadResumable(inFolder('missing.safetensors')))).toContain('there is no such file');
  });
});

describe('a checkpoint for inference', () => {
  const resolved = resolveConfig('mask_rcnn_slim_particles', ['train.seed=3']).withClasses(
    ['grain', 'bubble'],
    [5, 2],
    'train.json',
  );
  const { model } = resolved.config;
  const expected = Detector.expectedParameters(model);
  const parameters = [...expected].map(([name, shape]) => ({ name, shape }));
  const weights = [...initialWeights(parameters, 1)].map(([name, data]) => ({
    name,
    shape: expected.get(name)!,
    data,
  }));

  it('is read as engine infer reads weights: the model and classes of the run, averages before weights', async () => {
    const path = inFolder('run.safetensors');
    const averaged = weights.filter(({ name }) => name.startsWith('rpn.'));
    const tensors = new Map([
      ...weights.map(({ name, shape, data }) => [name, { shape, data }] as const),
      ...weights.map(({ name, shape, data }) => [`optimizer/momentum/${name}`, { shape, data }] as const),
      ...averaged.map(({ name, shape, data }) => [`ema/${name}`, { shape, data: data.map((x) => x + 1) }] as const),
    ]);
    await saveCheckpoint(path, { ...small, tensors, configYaml: resolved.yaml });
    const checkpoint = await loadWeights(path);
    const config = configFromCheckpoint(describeCheckpoint(checkpoint), checkpoint);
    expect(config).toEqual({ model, classNames: ['grain', 'bubble'], categoryIds: [5, 2] });
    expect(config.model).toEqual({ ...loadConfig('mask_rcnn_slim_particles').model, classes: 3 });
    const matched = matchParameters(checkpoint, Detector.expectedParameters(config.model));
    expect([...matched.keys()]).toEqual([...expected.keys()]);
    for (const { name, data } of weights) {
      const wanted = name.startsWith('rpn.') ? data.map((x) => x + 1) : data;
      expect(Buffer.compare(Buffer.from(matched.get(name)!.buffer), Buffer.from(wanted.buffer)), name).toBe(0);
    }
  });

  it('is an ordinary safetensors file', async () => {
    await saveCheckpoint(inFolder('small.safetensors'), small);
    const { tensors, metadata } = parseSafetensors(new Uint8Array(readFileSync(inFolder('small.safetensors'))), 'x');
    expect([...tensors.keys()].sort()).toEqual([...small.tensors.keys()].sort());
    expect(Object.keys(metadata).sort()).toEqual(['engine.config', 'engine.training']);
  });
});
