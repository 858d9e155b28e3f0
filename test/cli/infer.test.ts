import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runCommandLine } from '../../src/cli/program';
import { rleFromCoco } from '../../src/eval/rle';
import { GpuDevice } from '../../src/gpu/device';
import { writeSafetensors } from '../../src/io/safetensors';
import { Detector } from '../../src/models/detector';
import { engine } from './engine';

const SHARED = '../shared/data';
const WEIGHTS = `${SHARED}/slim/slim.safetensors`;
const IMAGES = `${SHARED}/nuclei/images`;
const ANNOTATIONS = `${SHARED}/nuclei/annotations/quick_val_rle.json`;
const hasShared = existsSync(WEIGHTS) && existsSync(ANNOTATIONS);
if (!hasShared) {
  console.warn('engine infer: most tests are skipped, ../shared is not beside the repository');
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'engine-infer-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command in this process. */
async function infer(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const printed = { log: '', error: '' };
  const spies = (['log', 'error'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation((...texts: unknown[]) => {
      printed[name] += `${texts.join(' ')}\n`;
    }),
  );
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed.error += String(text);
    return true;
  });
  try {
    const code = await runCommandLine(['infer', ...args]);
    return { code, stdout: printed.log, stderr: printed.error };
  } finally {
    [...spies, write].forEach((spy) => spy.mockRestore());
  }
}

function greyPng(width: number, height: number): Buffer {
  const png = new PNG({ width, height });
  png.data.fill(128);
  return PNG.sync.write(png);
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

interface Result {
  image_id: number;
  category_id: number;
  score: number;
  bbox?: number[];
  segmentation?: { size: [number, number]; counts: string };
}

function results(out: string, kind: 'bbox' | 'segm'): Result[] {
  return JSON.parse(readFileSync(join(out, `predict.${kind}.json`), 'utf8')) as Result[];
}

describe.skipIf(!hasShared)('engine infer', () => {
  test('images too large for the device: what needs how much, and the options that help', async () => {
    const image = file('large.png', greyPng(64, 64));
    const size = ['--min-size', '16384', '--max-size', '16384'];
    const args = ['--weights', WEIGHTS, '--config', 'mask_rcnn_slim', '--images', image, ...size];
    const { code, stderr } = await infer(...args, '--out', join(folder, 'large'));
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /engine: .* needs [\d.]+ [MG]iB, and the adapter's max\w+Size is [^:]*: use smaller images \(--min-size, --max-size\), fewer detections \(--max-detections\) or another adapter \(--adapter\)\n$/,
    );
  });

  test.each(['before the first image', 'between two images'])('a device destroyed %s: one sentence', async (when) => {
    const open = vi.spyOn(GpuDevice, 'open').mockImplementation(async (...args) => {
      open.mockRestore();
      const gpu = await GpuDevice.open(...args);
      if (when === 'before the first image') {
        gpu.device.destroy();
      } else {
        const detect = vi.spyOn(Detector.prototype, 'detect').mockImplementationOnce(async function (
          this: Detector,
          image,
        ) {
          detect.mockRestore();
          const found = await this.detect(image);
          gpu.device.destroy();
          return found;
        });
      }
      return gpu;
    });
    const out = join(folder, 'destroyed');
    const images = ['--coco', ANNOTATIONS, '--image-root', IMAGES];
    const { code, stdout, stderr } = await infer(
      '--weights',
      WEIGHTS,
      '--config',
      'mask_rcnn_slim',
      ...images,
      '--out',
      out,
    );
    expect(code, stderr).toBe(2);
    expect(stdout).toBe('');
    const sentences = stderr.split('\n').filter((line) => line.startsWith('engine: '));
    expect(sentences).toEqual([
      expect.stringMatching(
        /^engine: (set-up of )?Mask R-CNN at 320x320.*: \w[^:]*: try again; if memory ran out, use smaller images \(.*\) or another adapter \(--adapter\); else run `engine doctor`$/,
      ),
    ]);
    expect(stderr).not.toMatch(/^\s+at |internal error/m);
    expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
  });

  test('a COCO file: its image ids, results of both kinds, pictures, one submission and readback', async () => {
    const out = join(folder, 'coco');
    const args = ['--weights', WEIGHTS, '--config', 'mask_rcnn_slim', '--coco', ANNOTATIONS, '--image-root', IMAGES];
    const { code, stdout, stderr } = await infer(...args, '--out', out, '--overlay', '--profile');
    expect(stderr).toMatch(/4\/4 images/);
    expect(code).toBe(0);
    const { images } = JSON.parse(readFileSync(ANNOTATIONS, 'utf8')) as {
      images: { id: number; file_name: string; width: number; height: number }[];
    };
    const boxes = results(out, 'bbox');
    const masks = results(out, 'segm');
    expect(boxes.length).toBeGreaterThan(100);
    expect(masks.length).toBe(boxes.length);
    expect(new Set(masks.map((mask) => mask.image_id))).toEqual(new Set(images.map(({ id }) => id)));
    for (const { image_id, category_id, score, segmentation } of masks) {
      const image = images.find(({ id }) => id === image_id);
      expect(category_id).toBe(1);
      expect(score).toBeGreaterThan(0.05);
      expect(segmentation?.size).toEqual([image?.height, image?.width]);
      const { counts } = rleFromCoco(segmentation ?? { size: [0, 0], counts: '' });
      expect(counts.reduce((a, b) => a + b, 0)).toBe((image?.height ?? 0) * (image?.width ?? 0));
    }
    expect(readdirSync(join(out, 'overlay')).length).toBe(4);
    expect(existsSync(join(out, 'images.json'))).toBe(false);
    expect(stdout).toMatch(/submissions +1\n/);
    expect(stdout).toMatch(/readbacks +1\n/);
    expect(stdout).toMatch(/GFLOP\/s/);
    expect(stdout).toMatch(/moved by kernels +<= \d+ MB, <= [\d.]+ GB\/s/);
    const first =
      /first detection +after ([\d.]+) s \(of which ([\d.]+) s loading weights, ([\d.]+) s making plan/.exec(stdout);
    const [total, weights, plan] = (first ?? []).slice(1).map(Number);
    expect(plan).toBeGreaterThan(0);
    expect(total).toBeGreaterThanOrEqual(weights + plan);
    expect(readdirSync(out).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('files: ids 1, 2, … named by images.json; a higher threshold leaves the rest as it is', async () => {
    const names = ['1609b1b8480ee526.png', '1bd0f2b3000b7c77.png'];
    const args = [
      '--weights',
      WEIGHTS,
      '--config',
      'mask_rcnn_slim',
      '--images',
      ...names.map((n) => `${IMAGES}/${n}`),
    ];
    const [low, high] = [join(folder, 'low'), join(folder, 'high')];
    expect((await infer(...args, '--out', low)).code).toBe(0);
    expect((await infer(...args, '--out', high, '--score-threshold', '0.9')).code).toBe(0);
    const listed = JSON.parse(readFileSync(join(low, 'images.json'), 'utf8')) as { id: number; file_name: string }[];
    expect(listed.map(({ id, file_name }) => [id, file_name])).toEqual(names.map((name, i) => [i + 1, name]));
    const sure = results(low, 'segm').filter(({ score }) => score > 0.9);
    expect(sure.length).toBeGreaterThan(5);
    expect(results(high, 'segm')).toEqual(sure);
  });

  test('weights of f16 find the same objects, with other scores in the last digits', async () => {
    const image = `${IMAGES}/1609b1b8480ee526.png`;
    const args = ['--weights', WEIGHTS, '--config', 'mask_rcnn_slim', '--images', image, '--score-threshold', '0.5'];
    const found = [];
    for (const precision of ['f32', 'f16']) {
      const out = join(folder, precision);
      expect((await infer(...args, '--out', out, '--precision', precision)).code).toBe(0);
      found.push(results(out, 'bbox').map(({ score }) => score));
    }
    const [full, half] = found;
    expect(full.length).toBeGreaterThan(5);
    expect(half.length).toBe(full.length);
    expect(half).not.toEqual(full);
    half.forEach((score, i) => expect(Math.abs(score - full[i])).toBeLessThan(0.01));
    const { code, stderr } = await infer(...args, '--out', join(folder, 'f8'), '--precision', 'f8');
    expect(code).toBe(2);
    expect(stderr).toMatch(/--precision/);
  });

  test('a limit of detections is reported, never silent', async () => {
    const args = ['--weights', WEIGHTS, '--config', 'mask_rcnn_slim', '--images', `${IMAGES}/3441821ebea04fac.png`];
    const out = join(folder, 'limit');
    const { stdout } = await infer(...args, '--out', out, '--max-detections', '10');
    expect(results(out, 'bbox').length).toBe(10);
    expect(stdout).toMatch(/more than 10 detections.*--max-detections/);
    expect(stdout).not.toMatch(/post_nms_top_n/);
  });

  test('as many detections as masks are computed of in two turns; and where fewer can be proposed, a word', async () => {
    const config = file(
      'many.yaml',
      '_base_: mask_rcnn_slim\nmodel: {rpn: {post_nms_top_n: 1000, nms_threshold: 1}, box: {score_threshold: 0, nms_threshold: 1}}\n',
    );
    const args = ['--weights', WEIGHTS, '--images', `${IMAGES}/3441821ebea04fac.png`, '--max-detections', '1000'];
    const out = join(folder, 'many');
    const many = await infer(...args, '--config', config, '--out', out);
    expect(many.code, many.stderr).toBe(0);
    expect(many.stdout).not.toMatch(/warning/);
    expect(results(out, 'segm')).toHaveLength(1000);
    const few = await infer(...args, '--config', 'mask_rcnn_slim', '--out', out);
    expect(few.code, few.stderr).toBe(0);
    expect(few.stdout).toMatch(/proposes 500 boxes an image, .* no more than 500 objects .*model\.rpn\.post_nms_top_n/);
  });

  test('the command in a process of its own', async () => {
    const out = join(folder, 'process');
    const args = ['--weights', `${SHARED}/slim/slim.pth`, '--config', 'mask_rcnn_slim', '--out', out];
    const { code, stderr } = await engine('infer', ...args, '--images', `${IMAGES}/1609b1b8480ee526.png`);
    expect(stderr).not.toMatch(/internal error/);
    expect(code).toBe(0);
    expect(results(out, 'bbox').length).toBeGreaterThan(0);
  });

  test('an interrupt leaves nothing behind', async () => {
    const out = join(folder, 'interrupted');
    const args = ['bin/engine.mjs', 'infer', '--weights', WEIGHTS, '--config', 'mask_rcnn_slim', '--out', out];
    const child = spawn(process.execPath, [...args, '--images', IMAGES, '--overlay'], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    await vi.waitUntil(() => existsSync(out) && readdirSync(out).length >= 3, { timeout: 20_000, interval: 20 });
    child.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    expect(readdirSync(out)).toEqual([]);
  });

  const weights = ['--weights', WEIGHTS];
  const config = ['--config', 'mask_rcnn_slim'];
  const good = (): string => file('good.png', greyPng(40, 40));
  const cases: Record<string, { args: () => string[]; says: RegExp }> = {
    'no image': { args: () => [...weights, ...config], says: /--images.*--coco/ },
    'a score threshold of 7': {
      args: () => [...weights, ...config, '--images', good(), '--score-threshold', '7'],
      says: /--score-threshold 7.*0 to 1/,
    },
    'a size that is no number': {
      args: () => [...weights, ...config, '--images', good(), '--min-size', 'big'],
      says: /--min-size big.*whole number/,
    },
    'a missing image': { args: () => [...weights, ...config, '--images', 'nowhere.png'], says: /nowhere\.png/ },
    'an empty image': { args: () => [...weights, ...config, '--images', file('empty.png', '')], says: /empty\.png/ },
    'a truncated image, after a good one': {
      args: () => {
        const bytes = readFileSync(`${IMAGES}/1609b1b8480ee526.png`);
        const cut = file('cut.png', bytes.subarray(0, bytes.length / 2));
        return [...weights, ...config, '--images', good(), cut, '--overlay'];
      },
      says: /cut\.png/,
    },
    'an image 40,000 pixels wide': {
      args: () => {
        const bytes = greyPng(4, 4);
        bytes.writeUInt32BE(40_000, 16);
        return [...weights, ...config, '--images', file('wide.png', bytes)];
      },
      says: /wide\.png.*40,?000/,
    },
    'a text file named .png': {
      args: () => [...weights, ...config, '--images', file('text.png', 'not a picture at all\n')],
      says: /text\.png/,
    },
    'a folder without images': {
      args: () => {
        mkdirSync(join(folder, 'nothing'), { recursive: true });
        return [...weights, ...config, '--images', join(folder, 'nothing')];
      },
      says: /nothing.*no image/,
    },
    'an image root without the files': {
      args: () => [...weights, ...config, '--coco', ANNOTATIONS, '--image-root', folder],
      says: /image folder .* lacks .*file_name/,
    },
    'an image of another size than the JSON says': {
      args: () => {
        const listed = { images: [{ id: 1, file_name: 'good.png', width: 50, height: 40 }], categories: [] };
        return [
          ...weights,
          ...config,
          '--coco',
          file('sizes.json', JSON.stringify(listed)),
          '--image-root',
          join(good(), '..'),
        ];
      },
      says: /good\.png.*40x40.*50x40/,
    },
    'truncated weights': {
      args: () => [
        '--weights',
        file('cut.safetensors', readFileSync(WEIGHTS).subarray(0, 500_000)),
        ...config,
        '--images',
        good(),
      ],
      says: /cut\.safetensors/,
    },
    'weights with NaN': {
      args: () => {
        const bytes = Buffer.from(readFileSync(WEIGHTS));
        bytes.writeUInt32LE(0x7fc00000, bytes.length - 4);
        return ['--weights', file('nan.safetensors', bytes), ...config, '--images', good()];
      },
      says: /nan\.safetensors.*NaN/,
    },
    'weights of another model': {
      args: () => {
        const tensor = { shape: [2], dtype: 'f32' as const, data: new Float32Array(2) };
        return [
          '--weights',
          file('other.safetensors', writeSafetensors(new Map([['w', tensor]]))),
          ...config,
          '--images',
          good(),
        ];
      },
      says: /other\.safetensors/,
    },
    'the wrong number of classes': {
      args: () => {
        const text = readFileSync('configs/mask_rcnn_slim.yaml', 'utf8');
        const three = text
          .replace(/^( *classes:) 2\b/m, '$1 3')
          .replace(/^ *(class_names|category_ids):.*\n( *- .*\n)*/gm, '');
        expect(three).not.toBe(text);
        return [...weights, '--config', file('three.yaml', three), '--images', good()];
      },
      says: /classes/,
    },
    'weights that do not say their form': {
      args: () => [...weights, '--images', good()],
      says: /--config mask_rcnn_slim/,
    },
    'a config with an unknown key': {
      args: () => {
        const text = readFileSync('configs/mask_rcnn_slim.yaml', 'utf8').replace('score_threshold', 'score_treshold');
        return [...weights, '--config', file('typo.yaml', text), '--images', good()];
      },
      says: /typo\.yaml.*score_treshold.*score_threshold/s,
    },
    'an unknown config': {
      args: () => [...weights, '--config', 'mask_rcnn_slin', '--images', good()],
      says: /mask_rcnn_slim/,
    },
  };
  test.for(Object.entries(cases))('%s: one sentence, exit code 2, nothing written', async ([name, { args, says }]) => {
    const out = join(folder, `bad ${name}`);
    const { code, stdout, stderr } = await infer(...args(), '--out', out);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/\n +at |internal error/);
    expect(stderr.split('\n').filter((line) => line.startsWith('engine: ')).length).toBe(1);
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
  });
});
