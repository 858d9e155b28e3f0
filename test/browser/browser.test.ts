import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page as BrowserPage } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/run.mjs';
import { loadConfig } from '../../src/config/load';
import type { RgbPixels } from '../../src/models/detector';
import { matchDetections } from '../../src/eval/match_detections';
import { nucleiImages, nucleiPixels, slimMissing, torchvisionDetections } from '../models/slim';
import { pageScripts } from './bundles';
import { chromiumMissing, launchChromium } from './chromium';
import type { Page } from './page/main';
import { startServer } from './server';

const ENDING = '.test.ts';
/** Every test of a kernel runs in a worker as it is: see page/vitest.ts and page/node.ts for what it gets there. */
const KERNEL_TESTS = readdirSync(join(ROOT, 'test', 'kernels'))
  .filter((file) => file.endsWith(ENDING))
  .map((file) => file.slice(0, -ENDING.length));

for (const missing of [chromiumMissing, slimMissing]) {
  if (missing !== undefined) {
    console.warn(missing);
  }
}

describe.skipIf(chromiumMissing !== undefined)('the core in Chromium', () => {
  const routes = new Map<string, Uint8Array>();
  let server: Awaited<ReturnType<typeof startServer>> | undefined;
  let browser: Browser | undefined;
  let page: BrowserPage;

  /** Calls a function of the page's script, page/main.ts. */
  async function call<F extends keyof Page>(
    name: F,
    ...args: Parameters<Page[F]>
  ): Promise<Awaited<ReturnType<Page[F]>>> {
    const result: unknown = await page.evaluate(`page.${name}(...${JSON.stringify(args)})`);
    return result as Awaited<ReturnType<Page[F]>>;
  }

  beforeAll(async () => {
    for (const [path, script] of await pageScripts(KERNEL_TESTS)) {
      routes.set(path, script);
    }
    server = await startServer(routes);
    browser = await launchChromium();
    page = await browser.newPage();
    await page.goto(server.origin);
    await page.waitForFunction('globalThis.page !== undefined');
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test('the adapter is SwiftShader, with subgroups of four lanes', async () => {
    expect(await call('adapter')).toEqual({ architecture: 'swiftshader', software: true, subgroupSize: 4 });
  });

  test.each(KERNEL_TESTS)('test/kernels/%s', async (name) => {
    const results = await call('runTests', name);
    expect(results.length).toBeGreaterThan(0);
    expect(results.filter(({ error }) => error !== undefined)).toEqual([]);
  });

  test('a test file that does not load is told', async () => {
    routes.set('/tests/none.js', Buffer.from('throw new Error("not today")'));
    expect(await call('runTests', 'none')).toMatchObject([{ error: 'Error: not today' }]);
  });

  describe.skipIf(slimMissing !== undefined)('with real weights and images', () => {
    test('the slim model finds what torchvision finds', async () => {
      const byId = nucleiImages().sort((a, b) => a.id - b.id);
      const sizes = new Map(byId.map((image) => [`${image.width}x${image.height}`, image]));
      const images = [...sizes.values()].slice(0, 2);
      expect(images.length).toBe(2);
      const requests = [];
      for (const image of images) {
        // decoded here, so that decoders do not differ
        const { width, height, data } = await nucleiPixels(image);
        const pixels = `/pixels/${image.id}`;
        routes.set(pixels, data);
        requests.push({ width, height, pixels });
      }
      const weights = '/shared/data/slim/slim.safetensors';
      const results = await call('detect', { config: loadConfig('mask_rcnn_slim').model, weights, images: requests });
      const reference = torchvisionDetections();
      results.forEach(({ objects, submissions, readbacks }, i) => {
        const { first, second } = matchDetections(objects, reference.get(images[i].id) ?? []);
        expect(first.asked, images[i].file_name).toBeGreaterThan(3);
        expect(first.matched, images[i].file_name).toBe(first.asked);
        expect(second.matched, images[i].file_name).toBe(second.asked);
        expect({ submissions, readbacks }).toEqual({ submissions: 1, readbacks: 1 });
      });
    });

    test('the browser decodes a PNG to the pixels that Node gets', async () => {
      const [image] = nucleiImages();
      const path = `/shared/data/nuclei/images/${image.file_name}`;
      const expected: RgbPixels = await nucleiPixels(image);
      const { width, height, data } = await call('decode', path);
      expect([width, height]).toEqual([expected.width, expected.height]);
      expect(Buffer.from(data).equals(expected.data)).toBe(true);
    });
  });

  test('a file that is no image is refused with a sentence', async () => {
    routes.set('/text', readFileSync(join(ROOT, 'package.json')));
    await expect(call('decode', '/text')).rejects.toThrow(/InputError: \/text: this browser cannot decode it/);
  });
});
