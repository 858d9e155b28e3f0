import { mkdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Rle } from '../../src/eval/rle';
import { rleArea, rleToString } from '../../src/eval/rle';
import { chromiumMissing, launchChromium } from '../browser/chromium';
import { temporaryFolder } from '../data/temporary_folder';
import { disc, ellipse, rasterise, rectangle } from '../eval/shape/analytic';
import { runCommand } from '../helpers/command';

const SIZE = 200;
const HOSTILE_NAME = '<img src=x onerror=alert(1)> & "b".png';

/** Image id, mask and score, in the order of the file. */
const OBJECTS: readonly [imageId: number, mask: Rle, score: number][] = [
  [1, rasterise(disc(30), SIZE, -50, -50), 0.9],
  [1, rasterise(ellipse(40, 8, 30), SIZE, 40, 40), 0.8],
  [1, rasterise(rectangle(12, 12, 0), SIZE, 50, -50), 0.7],
  [2, rasterise(disc(12), SIZE, 10, 20), 0.6],
  [2, rasterise(ellipse(60, 40, 0), SIZE, 0, -20), 0.5],
];
const AREAS = OBJECTS.map(([, mask]) => rleArea(mask));

/** In order of area, the largest first: indices of OBJECTS. */
const BY_AREA = [...AREAS.keys()].sort((a, b) => AREAS[b] - AREAS[a]);

describe.skipIf(chromiumMissing !== undefined)(`the page of engine particles ${chromiumMissing ?? ''}`, () => {
  const folder = temporaryFolder();
  const complaints: string[] = [];
  let browser: Browser;

  beforeAll(async () => {
    mkdirSync(folder('images'));
    const names = ['a.png', HOSTILE_NAME];
    for (const [i, name] of names.entries()) {
      const background = { r: 40 + 60 * i, g: 60, b: 60 };
      const picture = sharp({ create: { width: SIZE, height: SIZE, channels: 3, background } });
      writeFileSync(folder('images', name), await picture.png().toBuffer());
    }
    const images = names.map((file_name, i) => ({ id: i + 1, file_name, width: SIZE, height: SIZE }));
    const results = OBJECTS.map(([image_id, mask, score]) => {
      return { image_id, category_id: 1, score, segmentation: { size: [SIZE, SIZE], counts: rleToString(mask) } };
    });
    writeFileSync(folder('images.json'), JSON.stringify(images));
    writeFileSync(folder('all.json'), JSON.stringify(results));
    writeFileSync(folder('second.json'), JSON.stringify(results.slice(0, 3)));
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser.close();
    expect(complaints).toEqual([]);
  });

  async function open(...args: string[]): Promise<Page> {
    const out = folder('out');
    const { code, stderr } = await runCommand('particles', '--pred', folder('all.json'), '--out', out, ...args);
    expect([code, stderr.includes('warning')]).toEqual([0, false]);
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const url = pathToFileURL(folder('out', 'report.html')).href;
    page.on('console', (message) => complaints.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (!request.url().startsWith('data:') && request.url() !== url) {
        complaints.push(`request: ${request.url()}`);
      }
    });
    await page.goto(url);
    await settled(page);
    return page;
  }

  /** Pictures are decoded, and drawn a frame later. */
  async function settled(page: Page): Promise<void> {
    await page.waitForTimeout(50);
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  }

  async function canvas(page: Page, index = 0): Promise<string> {
    await settled(page);
    return page.evaluate(`document.querySelectorAll('.viewer canvas')[${index}].toDataURL()`);
  }

  /** Numbers of the column under this header, from the top. */
  async function column(page: Page, header: string): Promise<string[]> {
    const headers = await page.locator('.table-scroll thead tr:first-child th').allTextContents();
    const index = headers.indexOf(header) + 1;
    expect(index).toBeGreaterThan(0);
    return page.locator(`.table-scroll tbody tr[data-index] td:nth-child(${index})`).allTextContents();
  }

  const images = (): string[] => ['--images', folder('images')];

  it('lists, sorts and filters; the charts and the outlines follow the filter', async () => {
    const page = await open(...images());
    expect(await column(page, 'area (px²)')).toEqual(AREAS.map(String));
    await page.getByRole('button', { name: 'area (px²)' }).click();
    expect(await column(page, 'area (px²)')).toEqual(BY_AREA.map((index) => String(AREAS[index])));
    const [all, chart] = [await canvas(page), await page.innerHTML('#histogram')];
    await page.fill('input[aria-label="area (px²) from"]', '2000');
    expect(await column(page, 'no.')).toEqual(['2', '1']);
    expect(await page.textContent('#charted')).toMatch(/2 of 5 particles/);
    expect(await page.innerHTML('#histogram')).not.toBe(chart);
    expect(await canvas(page)).not.toBe(all);
    expect(await page.textContent('.viewer-message')).toBe('a.png: 1 of 3 particles pass the filters');
    await page.fill('input[aria-label="area (px²) from"]', '');
    expect(await canvas(page)).toBe(all);
    await page.close();
  });

  it('a row highlights its particle, in another image too; a click on a particle selects its row', async () => {
    const page = await open(...images());
    const before = await canvas(page);
    await page.locator('tr[data-index="1"]').click();
    const highlighted = await canvas(page);
    expect(highlighted).not.toBe(before);
    expect(await page.inputValue('.image-choice select')).toBe('0');
    await page.locator('tr[data-index="4"]').click();
    expect(await page.inputValue('.image-choice select')).toBe('1');
    expect(await page.textContent('.viewer-message')).toBe(`${HOSTILE_NAME}: 2 particles`);
    // the small disc of the second image lies at (110, 120)
    const box = (await page.locator('.viewer canvas').boundingBox())!;
    const scale = Math.min(box.width, box.height) / SIZE;
    const place = (pixel: number, extent: number): number => extent / 2 + (pixel - SIZE / 2) * scale;
    await page.locator('.viewer canvas').click({ position: { x: place(110, box.width), y: place(120, box.height) } });
    expect(await page.locator('tr[aria-selected="true"]').getAttribute('data-index')).toBe('3');
    await page.getByRole('button', { name: 'Image before' }).click();
    expect(await page.locator('tr[aria-selected="true"]').count()).toBe(0);
    expect(await canvas(page)).toBe(before);
    await page.check('#only-shown');
    expect(await column(page, 'no.')).toEqual(['1', '2', '3']);
    await page.getByRole('button', { name: 'Next image' }).click();
    expect(await column(page, 'no.')).toEqual(['1', '2']);
    await page.close();
  });

  it('another measure recolours the outlines and names the ends of its scale', async () => {
    const page = await open(...images());
    const circularity = await canvas(page);
    await page.selectOption('#colour-by', { label: 'area (px²)' });
    expect(await canvas(page)).not.toBe(circularity);
    const ends = [await page.textContent('#scale-low'), await page.textContent('#scale-high')];
    expect(ends).toEqual([`≤ ${Math.min(...AREAS)}`, `≥ ${Math.max(...AREAS)}`]);
    await page.selectOption('#colour-by', { label: 'circularity' });
    expect(await canvas(page)).toBe(circularity);
    await page.close();
  });

  it('another measure, volumes and a logarithmic axis change the charts', async () => {
    const page = await open();
    const texts = async (): Promise<string> => (await page.locator('.chart').allTextContents()).join('|');
    expect(await texts()).toMatch(/Equivalent circle diameter, by number.*particles.*\|Cumulative, by number/s);
    await page.selectOption('#weighing', 'volume');
    expect(await texts()).toMatch(/by volume.*share of volume \(%\).*\|Cumulative, by volume/s);
    await page.selectOption('#measure', { label: 'solidity' });
    expect(await texts()).toMatch(/Solidity, by volume/);
    const linear = await page.innerHTML('#cumulative');
    await page.check('#log-axis');
    expect(await page.innerHTML('#cumulative')).not.toBe(linear);
    await page.close();
  });

  it('two sets: two viewers, both in every chart, a table of differences that leads to the charts', async () => {
    const page = await open(...images(), '--compare', folder('second.json'), '--names', 'before,<after>');
    expect(await page.locator('.viewer').count()).toBe(2);
    expect(await page.locator('.set-viewer h3').allTextContents()).toEqual(['before', '<after>']);
    const rows = await page.locator('button[data-measure]').allTextContents();
    expect(rows).toContain('circularity');
    await page.getByRole('button', { name: 'circularity', exact: true }).first().click();
    expect(await page.textContent('#histogram')).toMatch(/Circularity.*before.*<after>.*share of particles/s);
    const areaRow = await page.locator('tr:has(> th > button[data-measure="0"]) td').allTextContents();
    const [first, second] = [AREAS, AREAS.slice(0, 3)].map(
      (areas) => areas.reduce((sum, area) => sum + area) / areas.length,
    );
    expect(areaRow.slice(0, 4)).toEqual([
      'px²',
      String(Number(first.toPrecision(4))),
      String(Number(second.toPrecision(4))),
      `−${((1 - second / first) * 100).toFixed(1)} %`,
    ]);
    // both show the same image, and a choice in one holds for the other
    await page.getByRole('button', { name: 'Next image' }).first().click();
    const chosen = "[...document.querySelectorAll('.image-choice select')].map((one) => one.value)";
    expect(await page.evaluate(chosen)).toEqual(['1', '1']);
    await page.close();
  });

  it('shows as many images as asked for, and says what is left out; narrow screens do not scroll sideways', async () => {
    const page = await open(...images(), '--report-images', '1');
    expect(await page.locator('.image-choice option').allTextContents()).toEqual(['a.png (3)']);
    expect(await page.locator('.note').allTextContents()).toEqual([
      expect.stringMatching(/Lengths are in pixels/),
      expect.stringMatching(/Images shown: the first 1 of 2 \(--report-images\)/),
    ]);
    await page.locator('tr[data-index="4"]').click();
    expect(await page.textContent('.viewer-message')).toMatch(/are not in this page/);
    await page.setViewportSize({ width: 400, height: 800 });
    await settled(page);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await page.close();
  });

  it('opens without a particle, and without an image', async () => {
    writeFileSync(folder('none.json'), '[]');
    for (const args of [
      ['--pred', folder('none.json')],
      ['--report-images', '0'],
    ]) {
      const page = await open(...args);
      expect(await page.textContent('.table-count')).toMatch(args[0] === '--pred' ? /^0 particles/ : /^5 particles/);
      await page.close();
    }
  });
});
