import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TuningCache } from '../../src/cli/tuning_cache';
import type { TunedChoice } from '../../src/graph/tuner';
import { temporaryFolder } from '../data/temporary_folder';

const folder = temporaryFolder();
const before = process.env.ENGINE_CACHE;
let cacheFolder: string;
let tests = 0;

beforeEach(() => {
  cacheFolder = folder(String(tests++), 'cache');
  process.env.ENGINE_CACHE = cacheFolder;
});
afterEach(() => {
  if (before === undefined) {
    delete process.env.ENGINE_CACHE;
  } else {
    process.env.ENGINE_CACHE = before;
  }
});

function adapter(description: string): GPUAdapterInfo {
  return { vendor: 'maker', architecture: 'kind', device: '0x1', description } as GPUAdapterInfo;
}

const CHOICES = new Map<string, TunedChoice>([
  ['conv2d [1,~64,64]', { variant: 'winograd', milliseconds: { winograd: 1.5, panel: 2 } }],
]);

test('what was measured comes back, for the same adapter and driver only', async () => {
  const cache = new TuningCache(adapter('driver 1'));
  expect(await cache.read()).toEqual(new Map());
  await cache.add(CHOICES);
  expect(await new TuningCache(adapter('driver 1')).read()).toEqual(CHOICES);
  expect(await new TuningCache(adapter('driver 2')).read()).toEqual(new Map());
  expect(cache.remarks).toEqual([]);
});

test('what another process wrote meanwhile is kept', async () => {
  const other = new Map<string, TunedChoice>([['linear [8,8]', { variant: 'tiled 32x32', milliseconds: {} }]]);
  const [first, second] = [new TuningCache(adapter('a')), new TuningCache(adapter('a'))];
  await first.add(CHOICES);
  await second.add(other);
  expect(await first.read()).toEqual(new Map([...CHOICES, ...other]));
  expect(readdirSync(cacheFolder)).toHaveLength(1);
});

test.each([
  ['not JSON', 'is not JSON'],
  ['[1, 2]', 'is not what this version writes'],
  ['{"format": 99, "engine": "0", "adapter": "", "choices": {}}', 'is not what this version writes'],
  ['{"format": 1, "engine": "0.0.0", "adapter": "other", "choices": {}}', 'is of another adapter'],
  ['{"format": 1, "engine": "0", "adapter": "", "choices": {"a": {"variant": 3, "milliseconds": {}}}}', 'is not what'],
])('a file that cannot be used is ignored with a remark, and written anew: %s', async (content, why) => {
  const cache = new TuningCache(adapter('a'));
  await cache.add(CHOICES);
  writeFileSync(cache.path, content);
  const next = new TuningCache(adapter('a'));
  expect(await next.read()).toEqual(new Map());
  expect(next.remarks).toHaveLength(1);
  expect(next.remarks[0]).toContain(cache.path);
  expect(next.remarks[0]).toContain(why);
  await next.add(CHOICES);
  expect(next.remarks).toHaveLength(1);
  expect(JSON.parse(readFileSync(cache.path, 'utf8'))).toMatchObject({ choices: Object.fromEntries(CHOICES) });
});

test('a folder that cannot be made is a remark', async () => {
  writeFileSync(folder('file'), '');
  process.env.ENGINE_CACHE = folder('file', 'below');
  const cache = new TuningCache(adapter('a'));
  await cache.add(CHOICES);
  expect(cache.remarks).toHaveLength(1);
  expect(cache.remarks[0]).toContain('is not kept for the next run');
  expect(existsSync(cache.path)).toBe(false);
});

test('nothing measured, nothing written', async () => {
  await new TuningCache(adapter('a')).add(new Map());
  expect(existsSync(cacheFolder)).toBe(false);
});
