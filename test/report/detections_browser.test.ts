import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser, Locator, Page } from 'playwright-core';
import { chromiumMissing, launchChromium } from '../browser/chromium';
import { temporaryFolder } from '../data/temporary_folder';
import { runCommand } from '../helpers/command';
import { countScene, HEIGHT, HOSTILE_NAME, WIDTH, writeScene, type Scene } from './detection_scene';

describe.skipIf(chromiumMissing !== undefined)(`engine report in Chromium ${chromiumMissing ?? ''}`, () => {
  const temporary = temporaryFolder();
  const complaints: string[] = [];
  let scene: Scene;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    scene = await writeScene(temporary('scene'));
    const { gt, pred, images } = scene.files;
    const out = temporary('report.html');
    await runCommand('report', '--gt', gt, '--pred', pred, '--images', images, '--out', out);
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('console', (message) => complaints.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (!request.url().startsWith('data:') && request.url() !== pathToFileURL(out).href) {
        complaints.push(`request: ${request.url()}`);
      }
    });
    await page.goto(pathToFileURL(out).href);
  });

  afterAll(async () => {
    await browser.close();
  });

  /** Found, missed, false as the page tells them. */
  async function shownCounts(): Promise<number[]> {
    await nextFrame();
    const texts = await Promise.all(['found', 'missed', 'false'].map((key) => page.textContent(`[data-count=${key}]`)));
    return texts.map(Number);
  }

  /** What a slider changes is shown a frame later. */
  async function nextFrame(): Promise<void> {
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  }

  async function setThresholds(score: number, iou: number): Promise<void> {
    await page.locator('#score').fill(String(score));
    await page.locator('#iou').fill(String(iou));
    await nextFrame();
  }

  const rowsOf = (table: string): Locator => page.locator(`${table} tbody tr[data-index]`);
  const column = async (table: string, index: number): Promise<string[]> =>
    rowsOf(table).locator(`td:nth-child(${index})`).allTextContents();
  const pictureOf = async (viewer: string): Promise<string> => {
    await nextFrame();
    return page.evaluate(`document.querySelector('${viewer} canvas').toDataURL()`);
  };

  test('the sliders match anew: counts as counted by brute force', async () => {
    expect(await shownCounts()).toEqual(countScene(scene, 0.5, 0.5));
    const seen = new Set<string>();
    for (const [score, iou] of [
      [0, 0.5],
      [0.3, 0.5],
      [0.81, 0.5],
      [0.3, 0.75],
      [1, 0.1],
    ]) {
      // prettier-ignore
      await setThresholds(score, iou);
      const counts = await shownCounts();
      expect(counts).toEqual(countScene(scene, score, iou));
      seen.add(String(counts));
    }
    expect(seen.size).toBe(5);
    await setThresholds(0.5, 0.5);
  });

  test('the best threshold has the highest F1 of all', async () => {
    await page.click('#best');
    const [tp, fn, fp] = await shownCounts();
    const f1 = (counts: readonly number[]): number => (2 * counts[0]) / (2 * counts[0] + counts[1] + counts[2]);
    const all = Array.from({ length: 101 }, (_, i) => f1(countScene(scene, i / 100, 0.5)));
    expect(f1([tp, fn, fp])).toBe(Math.max(...all));
    await setThresholds(0.5, 0.5);
  });

  test('the slider changes what is drawn and listed of an image', async () => {
    const before = {
      picture: await pictureOf('#detections-viewer'),
      rows: await page.textContent('#objects .table-count'),
    };
    const objects = await pictureOf('#objects-viewer');
    await setThresholds(0.9, 0.5);
    expect(await pictureOf('#detections-viewer')).not.toBe(before.picture);
    expect(await pictureOf('#objects-viewer')).not.toBe(objects);
    expect(await page.textContent('#detections-note')).toMatch(/^\d predictions/);
    await setThresholds(0.5, 0.5);
    expect(await pictureOf('#detections-viewer')).toBe(before.picture);
    expect(await page.textContent('#objects .table-count')).toBe(before.rows);
  });

  test('images come with the most errors first, and sort by their headers', async () => {
    const errors = (await column('#images', 8)).map(Number);
    expect(errors).toHaveLength(6);
    expect(errors).toEqual([...errors].sort((a, b) => b - a));
    expect(errors[0]).toBeGreaterThan(errors[5]);
    const header = page.locator('#images th', { hasText: 'File' });
    await header.getByRole('button').click();
    expect(await header.getAttribute('aria-sort')).toBe('ascending');
    expect(await column('#images', 2)).toEqual(scene.names);
    await header.getByRole('button').click();
    expect(await header.getAttribute('aria-sort')).toBe('descending');
    expect(await column('#images', 2)).toEqual([...scene.names].reverse());
  });

  test('filters by part of a name and by a range', async () => {
    await page.getByLabel('File contains').fill('PLATE');
    expect(await rowsOf('#images').count()).toBe(5);
    expect(await page.textContent('#images .table-count')).toBe('5 of 6 images');
    const errors = (await column('#images', 8)).map(Number).sort((a, b) => a - b);
    await page.getByLabel('Errors from').fill(String(errors[2]));
    expect(await rowsOf('#images').count()).toBe(errors.filter((count) => count >= errors[2]).length);
    await page.getByLabel('Errors from').fill('');
    await page.getByLabel('File contains').fill('');
    expect(await rowsOf('#images').count()).toBe(6);
  });

  test('a row shows its image, under a name of any kind', async () => {
    await rowsOf('#images').filter({ hasText: 'onerror' }).click();
    expect(await page.textContent('#image-name')).toBe(HOSTILE_NAME);
    await page.click('#previous');
    expect(await page.textContent('#image-name')).toBe('plate_2.png');
    expect(await page.locator('#images tr[aria-selected=true]').textContent()).toContain('plate_2.png');
  });

  test('a click on an object marks its row, a wheel zooms both pictures, the button ends it', async () => {
    const canvas = page.locator('#objects-viewer canvas');
    const [size, whole] = [await canvas.boundingBox(), await pictureOf('#detections-viewer')];
    const scale = Math.min(size!.width / WIDTH, size!.height / HEIGHT);
    const [x, y, width, height] = scene.objects[20].box;
    const position = { x: (x + width / 2) * scale, y: (y + height / 2) * scale };
    await canvas.click({ position });
    const selected = page.locator('#objects tr[aria-selected=true]');
    expect(await selected.count()).toBe(1);
    expect(await selected.textContent()).toContain(String(width * height));
    const marked = await pictureOf('#objects-viewer');
    await canvas.hover({ position });
    await page.mouse.wheel(0, -600);
    expect(await pictureOf('#objects-viewer')).not.toBe(marked);
    expect(await pictureOf('#detections-viewer')).not.toBe(whole);
    await page.locator('#objects-viewer').getByRole('button', { name: 'whole' }).click();
    expect(await pictureOf('#objects-viewer')).toBe(marked);
  });

  test('a kind of verdict can be hidden', async () => {
    const before = await pictureOf('#objects-viewer');
    const box = page.locator('#legend label', { hasText: 'found' }).getByRole('checkbox');
    await box.uncheck();
    expect(await pictureOf('#objects-viewer')).not.toBe(before);
    await box.check();
    expect(await pictureOf('#objects-viewer')).toBe(before);
  });

  test('nothing is wider than the screen of a phone', async () => {
    await page.setViewportSize({ width: 375, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(375);
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  test('no errors, no dialogs, no requests', () => {
    expect(complaints).toEqual([]);
  });
});
