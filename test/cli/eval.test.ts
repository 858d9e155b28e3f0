import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { maskIouOnCpu, type MaskIouJob } from '../../src/eval/mask_iou';
import { gpuMaskIou } from '../../src/eval/mask_iou_gpu';
import { rleEncode, type Rle } from '../../src/eval/rle';
import { CompiledGraph } from '../../src/graph/compile';
import { temporaryFolder } from '../data/temporary_folder';
import { testDevice } from '../helpers/gpu';
import { expectNoLeaks } from '../helpers/leaks';
import { engine } from './engine';

const NUCLEI = '../shared/data/nuclei/annotations/val_rle.json';
const DETECTIONS = '../shared/data/slim/val.torchvision.segm.json';
const hasShared = existsSync(NUCLEI) && existsSync(DETECTIONS);
if (!hasShared) {
  console.warn('engine eval: the command on a GPU is not tested, ../shared is not beside the repository');
}

const folder = temporaryFolder();

/** Rectangles, at places that repeat after a while, and dotted ones. */
function masks(count: number, seed: number, height: number, width: number): Rle[] {
  return Array.from({ length: count }, (_, k) => {
    const [x, y] = [(k * 7 + seed) % width, (k * 13 + seed) % height];
    const [right, bottom] = [x + 3 + ((k * 5) % 17), y + 2 + ((k * 3) % 19)];
    const bits = new Uint8Array(height * width);
    for (let i = 0; i < bits.length; i++) {
      const [column, row] = [Math.floor(i / height), i % height];
      const isInside = column >= x && column < right && row >= y && row < bottom;
      bits[i] = Number(isInside && (k % 4 > 0 || (row + column) % 3 > 0));
    }
    return rleEncode(k === 5 ? bits.fill(0) : k === 6 ? bits.fill(1) : bits, height, width);
  });
}

describe('gpuMaskIou', () => {
  expectNoLeaks();

  const job = (detections: number, objects: number, height: number, width: number): MaskIouJob => ({
    detections: masks(detections, 1, height, width),
    groundTruths: masks(objects, 4, height, width),
    crowd: Array.from({ length: objects }, (_, g) => g % 5 === 0),
  });

  it('has the values of the processor to the last bit', async () => {
    const jobs = [job(40, 30, 50, 70), job(0, 3, 9, 9), job(3, 0, 9, 9), job(9, 9, 31, 1)];
    const gpu = gpuMaskIou(await testDevice(), 1);
    expect(await gpu(jobs)).toEqual(maskIouOnCpu(jobs));
  });

  it('leaves few pairs and very large masks to the processor', async () => {
    const created = vi.spyOn(CompiledGraph, 'create');
    try {
      const few = job(4, 4, 9, 9);
      const full: Rle = { height: 4096, width: 4096, counts: Uint32Array.of(0, 4096 * 4096) };
      const large = { detections: [full], groundTruths: [full], crowd: [false] };
      expect(await gpuMaskIou(await testDevice(), 17)([few])).toEqual(maskIouOnCpu([few]));
      expect(await gpuMaskIou(await testDevice(), 1)([large])).toEqual([Float64Array.of(1)]);
      expect(created).not.toHaveBeenCalled();
      await gpuMaskIou(await testDevice(), 16)([few]);
      expect(created).toHaveBeenCalledTimes(1);
    } finally {
      created.mockRestore();
    }
  });

  it('refuses masks of different sizes', async () => {
    const wrong = { ...job(4, 4, 9, 9), groundTruths: masks(4, 4, 9, 8) };
    await expect(gpuMaskIou(await testDevice(), 1)([wrong])).rejects.toThrow(/different sizes/);
  });
});

describe.skipIf(!hasShared)('engine eval --device gpu', () => {
  it('has the figures of --device cpu', async () => {
    const evaluate = async (device: string): Promise<string> => {
      const json = folder(`${device}.json`);
      const files = ['--gt', NUCLEI, '--pred', DETECTIONS];
      const options = ['--max-dets', '1,10,400', '--per-class', '--json', json, '--device', device];
      expect(await engine('eval', ...files, ...options)).toMatchObject({ code: 0 });
      return readFileSync(json, 'utf8');
    };
    expect(await evaluate('gpu')).toBe(await evaluate('cpu'));
  });
});
