import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadCheckpoint } from '../../src/train/checkpoint';
import { runCommand } from '../helpers/command';
import { checkpointBits, TINY_SETTINGS } from '../helpers/tiny_training';

let folder: string;
let data: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'engine-train-'));
  const scenes = join(folder, 'scenes');
  const { code, stderr } = await runCommand(
    'synth',
    '--out',
    scenes,
    '--images',
    '5',
    '--size',
    '96x64',
    '--seed',
    '5',
  );
  expect(code, stderr).toBe(0);
  data = [
    `data.train.annotations=${join(scenes, 'annotations_rle.json')}`,
    `data.train.images=${join(scenes, 'images')}`,
    `data.val.annotations=${join(scenes, 'annotations_poly.json')}`,
    `data.val.images=${join(scenes, 'images')}`,
  ];
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** So small that a step takes a fraction of a second. */
const SMALL = [...TINY_SETTINGS, 'schedule.warm_up.steps=0', 'validate.every=1000'];

function set(...keys: string[]): string[] {
  return keys.flatMap((key) => ['--set', key]);
}

function settings(...more: string[]): string[] {
  return set(...data, ...SMALL, ...more);
}

function records(run: string): Record<string, unknown>[] {
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Losses of all steps in a run, which say nothing of time. */
function lossesOf(run: string): unknown[] {
  return records(run).flatMap(({ kind, step, losses }) => (kind === 'step' ? [{ step, losses }] : []));
}

describe('runs with one seed', () => {
  const RECIPES: Record<string, string[]> = {
    'SGD, batches of one size after another, augmented': [
      'optimizer={type: sgd, learning_rate: 0.01, momentum: 0.9}',
      'train.steps=20',
      'train.batch_size=2',
      'augment.flip_horizontal.probability=0.5',
      'augment.rotate.probability=0.5',
      'augment.noise.probability=0.5',
    ],
    'AdamW with a moving average, gradients of two passes, activations computed again': [
      'optimizer={type: adamw, learning_rate: 0.001}',
      'train.steps=8',
      'train.batch_size=1',
      'train.accumulate=2',
      'train.checkpointing=true',
      'train.ema={decay: 0.9}',
      'data.order=replacement',
    ],
  };

  test.each(Object.entries(RECIPES))('%s: identical bits, also when interrupted and resumed', async (_, recipe) => {
    const steps = Number(/train.steps=(\d+)/.exec(recipe.join())![1]);
    const name = mkdtempSync(join(folder, 'runs-'));
    const [first, second, third] = ['first', 'second', 'third'].map((run) => join(name, run));
    const train = (out: string, ...more: string[]) =>
      runCommand('train', '--config', 'mask_rcnn_tiny_particles', '--out', out, ...settings(...recipe), ...more);
    for (const out of [first, second]) {
      const { code, stderr } = await train(out);
      expect(code, stderr).toBe(0);
    }
    const whole = await loadCheckpoint(join(first, 'last.safetensors'));
    expect(whole.state?.step).toBe(steps);
    expect(checkpointBits(await loadCheckpoint(join(second, 'last.safetensors')))).toEqual(checkpointBits(whole));
    const best = await loadCheckpoint(join(first, 'best.safetensors'));
    const weights = [...whole.tensors].filter(([name]) => !/^(optimizer|ema)\//.test(name));
    const averaged = weights.map(([name, tensor]) => [name, whole.tensors.get(`ema/${name}`) ?? tensor]);
    expect([...best.tensors]).toEqual(averaged);
    expect(lossesOf(first)).toHaveLength(steps);
    expect(lossesOf(second)).toEqual(lossesOf(first));

    const [interrupted] = await Promise.all([train(third), interruptAfter(third, steps / 2)]);
    expect(interrupted.code, interrupted.stderr).toBe(0);
    const told = new RegExp(`interrupted after step (\\d+) of ${steps}, and saved`).exec(interrupted.stdout);
    expect(told, interrupted.stdout).not.toBeNull();
    expect(Number(told![1])).toBeLessThan(steps);
    expect(interrupted.stdout).toContain(`engine train --resume ${third}`);
    const resumed = await runCommand('train', '--resume', third);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(checkpointBits(await loadCheckpoint(join(third, 'last.safetensors')))).toEqual(checkpointBits(whole));
    expect(lossesOf(third)).toEqual(lossesOf(first));
  });

  test('another seed gives other weights', async () => {
    const losses: unknown[] = [];
    for (const seed of [1, 2]) {
      const out = join(folder, `seed-${seed}`);
      const { code, stderr } = await runCommand(
        ...['train', '--config', 'mask_rcnn_tiny_particles', '--out', out],
        ...settings('train.steps=2', 'train.batch_size=1', `train.seed=${seed}`),
      );
      expect(code, stderr).toBe(0);
      losses.push(lossesOf(out));
    }
    expect(losses[0]).not.toEqual(losses[1]);
  });
});

test('--tune measures once, and a run goes on with the kernels that it began with', async () => {
  const before = process.env.ENGINE_CACHE;
  process.env.ENGINE_CACHE = join(folder, 'cache');
  const runs = mkdtempSync(join(folder, 'tuned-'));
  const train = (out: string, steps: number, ...more: string[]) =>
    runCommand(
      ...['train', '--config', 'mask_rcnn_tiny_particles', '--out', join(runs, out)],
      ...settings(
        'train.batch_size=1',
        `train.steps=${steps}`,
        'schedule={type: constant}',
        'data.val.annotations=null',
      ),
      ...more,
    );
  const tensors = async (out: string) => (await loadCheckpoint(join(runs, out, 'last.safetensors'))).tensors;
  try {
    const only = await train('only', 4, '--tune', 'only');
    expect(only.code, only.stderr).toBe(0);
    expect(only.stdout).toMatch(/^op and shapes +variant/);
    expect(only.stderr).toMatch(/tuned \d+ shapes in/);
    expect(existsSync(join(runs, 'only'))).toBe(false);

    // whatever was the fastest: the other choice
    const [name] = readdirSync(process.env.ENGINE_CACHE);
    const cache = join(process.env.ENGINE_CACHE, name);
    const content = JSON.parse(readFileSync(cache, 'utf8')) as {
      choices: Record<string, { variant: string; milliseconds: Record<string, number> }>;
    };
    for (const choice of Object.values(content.choices)) {
      choice.variant = Object.keys(choice.milliseconds).find((variant) => variant !== choice.variant)!;
    }
    writeFileSync(cache, JSON.stringify(content));
    const tuned = await train('tuned', 4, '--tune', 'on');
    expect(tuned.code, tuned.stderr).toBe(0);
    expect(tuned.stderr).not.toContain('tuned');
    const { state } = await loadCheckpoint(join(runs, 'tuned', 'last.safetensors'));
    const used = state?.extra.tuning as Record<string, string>;
    expect(Object.keys(content.choices).every((key) => used[key] === content.choices[key].variant)).toBe(true);

    await train('usual', 4, '--tune', 'off');
    expect([...(await tensors('usual'))]).not.toEqual([...(await tensors('tuned'))]);
    await train('resumed', 2, '--tune', 'on');
    const resumed = await runCommand(
      ...['train', '--resume', join(runs, 'resumed'), '--set', 'train.steps=4', '--tune', 'off'],
    );
    expect(resumed.code, resumed.stderr).toBe(0);
    expect([...(await tensors('resumed'))]).toEqual([...(await tensors('tuned'))]);
  } finally {
    if (before === undefined) {
      delete process.env.ENGINE_CACHE;
    } else {
      process.env.ENGINE_CACHE = before;
    }
  }
});

/** Presses Ctrl-C when the log has so many steps. */
async function interruptAfter(run: string, steps: number): Promise<void> {
  for (let tries = 0; tries < 6000; tries++) {
    await setTimeout(10);
    const log = join(run, 'metrics.jsonl');
    if (existsSync(log) && readFileSync(log, 'utf8').split('\n').length > steps) {
      process.emit('SIGINT');
      return;
    }
  }
}

describe('a run', () => {
  test('leaves checkpoints, logs and curves, and its weights detect', async () => {
    const out = join(folder, 'whole');
    const { code, stdout, stderr } = await runCommand(
      ...['train', '--config', 'mask_rcnn_tiny_particles', '--out', out],
      ...settings(
        'train.epochs=4',
        'train.batch_size=2',
        'validate.every=2',
        'checkpoint.every=1',
        'checkpoint.keep=2',
      ),
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('5 images with');
    expect(readdirSync(out).filter((name) => !name.startsWith('events.'))).toEqual(
      expect.arrayContaining([
        'best.safetensors',
        'config.yaml',
        'curves.html',
        'last.safetensors',
        'metrics.jsonl',
        'train.log',
      ]),
    );
    expect(readdirSync(out).filter((name) => name.startsWith('step-'))).toHaveLength(2);
    expect(records(out).filter(({ kind }) => kind === 'validation')).toHaveLength(2);
    const found = join(out, 'found');
    const scenes = join(folder, 'scenes');
    const infer = await runCommand(
      ...['infer', '--weights', join(out, 'best.safetensors'), '--out', found],
      ...['--coco', join(scenes, 'annotations_rle.json'), '--image-root', join(scenes, 'images')],
    );
    expect(infer.code, infer.stderr).toBe(0);
    expect(existsSync(join(found, 'predict.segm.json'))).toBe(true);
  });

  test('ends at a loss that is no number, with the step and the last checkpoint', async () => {
    const out = join(folder, 'diverging');
    const { code, stderr } = await runCommand(
      ...['train', '--config', 'mask_rcnn_tiny_particles', '--out', out],
      ...settings(
        'train.epochs=20',
        'optimizer.learning_rate=1e20',
        'schedule.warm_up.steps=0',
        'train.clip_norm=null',
      ),
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/step \d+ \(image.*\): the .* (is|are) (NaN|infinite).*lower optimizer.learning_rate/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('leaves no folder, and a run to go on with as it was, where its settings do not fit or it is finished', async () => {
    const out = join(folder, 'small');
    const train = (...more: string[]) =>
      runCommand(
        ...['train', '--config', 'mask_rcnn_tiny_particles', '--out', out],
        ...settings('train.steps=1', 'schedule.warm_up.steps=0', 'train.batch_size=1', ...more),
      );
    const refused = await train('train.no_decay=["*.nowhere"]');
    expect(refused.code, refused.stderr).toBe(2);
    expect(refused.stdout).toBe('');
    expect(existsSync(out)).toBe(false);

    const { code, stderr } = await train();
    expect(code, stderr).toBe(0);
    const before = readFileSync(join(out, 'config.yaml'), 'utf8');
    const resumed = await runCommand(
      'train',
      '--resume',
      out,
      ...set('train.steps=2', 'optimizer={type: sgd, momentum: 0.9}'),
    );
    expect(resumed.code).toBe(2);
    expect(resumed.stderr).toMatch(
      /last\.safetensors: it has no tensor "optimizer\/momentum\/.*resume with the data and settings/,
    );
    expect(readFileSync(join(out, 'config.yaml'), 'utf8')).toBe(before);

    const finished = await runCommand('train', '--resume', out);
    expect(finished).toMatchObject({ code: 0, stderr: '' });
    expect(finished.stdout).toBe(
      'the run is finished: 1 of 1 steps; to go on, raise it by --set train.steps=N (now 1)\n',
    );
    expect(readFileSync(join(out, 'config.yaml'), 'utf8')).toBe(before);
    const longer = await runCommand('train', '--resume', out, ...set('train.steps=2'));
    expect(longer.code, longer.stderr).toBe(0);
    expect(longer.stdout).toContain('finished after step 2 of 2');
  });

  test('keeps what it has learnt where an image cannot be read', async () => {
    const images = join(folder, 'damaged');
    cpSync(join(folder, 'scenes/images'), images, { recursive: true });
    truncateSync(join(images, '0003.png'), 500);
    const out = join(folder, 'kept');
    const { code, stderr } = await runCommand(
      ...['train', '--config', 'mask_rcnn_tiny_particles', '--out', out],
      ...settings('train.batch_size=1', 'data.order=sequence', `data.train.images=${images}`),
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/0003\.png is a damaged or truncated PNG.*the last checkpoint, of step 2, is .*--resume/);
    expect((await loadCheckpoint(join(out, 'last.safetensors'))).state?.step).toBe(2);
  });

  test('keeps what it has learnt where the validation cannot be done', async () => {
    const images = join(folder, 'held-out');
    cpSync(join(folder, 'scenes/images'), images, { recursive: true });
    truncateSync(join(images, '0003.png'), 500);
    const train = (out: string, ...more: string[]) =>
      runCommand(
        ...['train', '--config', 'mask_rcnn_tiny_particles', '--out', join(folder, out)],
        ...settings('train.steps=2', 'train.batch_size=1', ...more),
      );
    const unreadable = await train('unread-validation', `data.val.images=${images}`);
    expect(unreadable.code).toBe(2);
    expect(unreadable.stderr).toMatch(
      /held-out\/0003\.png is a damaged .*the last checkpoint, of step 2, is .*--resume/,
    );
    // 4 GiB of features of all proposals, and 48 MiB of those that a step takes
    const large = await train(
      'large-validation',
      'model.rpn.pre_nms_top_n=4096',
      'model.rpn.post_nms_top_n=4096',
      'model.fpn.channels=64',
      'model.box.pool_size=64',
      'model.box.hidden=[8, 8]',
    );
    expect(large.code).toBe(2);
    expect(large.stderr).toMatch(
      /the validation after step 2: .* needs .*: lower model\.rpn\.post_nms_top_n and model\.box\.detections_per_image \(now 4096 and 100\), or .*; the last checkpoint, of step 2, is /,
    );
    for (const out of ['unread-validation', 'large-validation']) {
      expect((await loadCheckpoint(join(folder, out, 'last.safetensors'))).state?.step).toBe(2);
    }
  });

  test('says what to lower where the device is too small for it', async () => {
    // a map of features of 20 GiB, which no adapter binds
    const size = ['model.image.min_size=16384', 'model.image.max_size=16384', 'model.fpn.channels=512'];
    const { code, stderr } = await runCommand(
      ...['train', '--config', 'mask_rcnn_tiny_particles', '--out', join(folder, 'large')],
      ...settings('train.batch_size=2', ...size),
    );
    expect(code, stderr).toBe(2);
    expect(stderr).toMatch(
      /engine: step 1: .* needs [\d.]+ [MG]iB, and the adapter's max\w+Size is [^:]*: lower train\.batch_size \(now 2\), or lower model\.image\.min_size and max_size \(now 16384 and 16384\), or lower train\.regions\.samples \(now \d+\), or set train\.checkpointing=true; there is no checkpoint yet\n$/,
    );
    expect(stderr).not.toContain('--min-size');
  });

  test('L-BFGS lowers the loss of one batch', async () => {
    const out = join(folder, 'lbfgs');
    const { code, stderr } = await runCommand(
      ...['train', '--config', 'mask_rcnn_tiny_particles', '--out', out],
      ...settings(
        'train.steps=3',
        'train.batch_size=5',
        'train.accumulate=1',
        'train.clip_norm=null',
        'optimizer={type: lbfgs, history_size: 3, max_iterations: 4, line_search: strong_wolfe}',
        'data.order=sequence',
      ),
    );
    expect(code, stderr).toBe(0);
    const losses = records(out).flatMap(({ kind, losses }) =>
      kind === 'step' ? [(losses as { loss: number }).loss] : [],
    );
    expect(losses).toHaveLength(3);
    expect(losses[2]).toBeLessThan(losses[0]);
  });
});
