import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CurveSeries } from '../../src/report/curve_points';
import { curvesPage } from '../../src/report/curves';
import type { CurvesChart } from '../../src/report/curves_data';
import { chromiumMissing, launchChromium } from '../browser/chromium';
import { temporaryFolder } from '../data/temporary_folder';

const HOSTILE = '</script><img src=x onerror=a()>&"b"';

/** Left and right end of the plot, of the chart's width (src/report/chart_frame.ts). */
const [LEFT, RIGHT] = [68 / 640, 612 / 640];

function curve(name: string, steps: number, valueAt: (step: number) => number): CurveSeries {
  const series = new CurveSeries(name);
  for (let step = 1; step <= steps; step++) {
    series.add(step, valueAt(step));
  }
  return series;
}

function charts(steps: number): CurvesChart[] {
  const [loss, mask] = [curve('loss', steps, (step) => 100 / step), curve(HOSTILE, steps, (step) => 1 + (step % 2))];
  return [
    { title: 'Losses', label: 'loss', isNoisy: true, series: [loss.points(), mask.points()] },
    {
      title: 'Learning rate',
      label: 'rate',
      isNoisy: false,
      series: [curve('rate', steps, (step) => step / 1e4).points()],
    },
    { title: 'Nothing yet', label: 'none', isNoisy: true, series: [] },
  ];
}

describe.skipIf(chromiumMissing !== undefined)(`the page of curves ${chromiumMissing ?? ''}`, () => {
  const at = temporaryFolder();
  const complaints: string[] = [];
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser.close();
    expect(complaints).toEqual([]);
  });

  async function open(list: readonly CurvesChart[], reloadSeconds: number | null = null, hash = ''): Promise<Page> {
    const path = at('curves.html');
    const figures = [['loss', HOSTILE]] as const;
    writeFileSync(path, curvesPage({ title: HOSTILE, figures, charts: list, reloadSeconds }));
    const url = pathToFileURL(path).href;
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('console', (message) => complaints.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
    page.on('request', (request) => {
      if (!request.url().startsWith(url)) {
        complaints.push(`request: ${request.url()}`);
      }
    });
    await page.goto(`${url}${hash}`);
    return page;
  }

  /** A place in a chart: `share` of the way from the plot's left end to its right one. */
  async function place(page: Page, chart: number, share: number): Promise<{ x: number; y: number }> {
    const box = (await page.locator('.curve').nth(chart).boundingBox())!;
    return { x: box.x + box.width * (LEFT + share * (RIGHT - LEFT)), y: box.y + box.height / 2 };
  }

  async function tip(page: Page, chart: number, share: number): Promise<string | null> {
    const { x, y } = await place(page, chart, share);
    await page.mouse.move(x, y);
    return page.locator('.curve-tip').nth(chart).textContent();
  }

  async function drag(page: Page, chart: number, from: number, to: number): Promise<void> {
    const [start, end] = [await place(page, chart, from), await place(page, chart, to)];
    await page.mouse.move(start.x, start.y);
    await page.mouse.down();
    await page.mouse.move(end.x, end.y, { steps: 4 });
    await page.mouse.up();
  }

  async function range(page: Page): Promise<number[]> {
    return [Number(await page.inputValue('#from')), Number(await page.inputValue('#to'))];
  }

  it('shows all charts, names as text, and the values under the pointer', async () => {
    const page = await open(charts(200));
    expect(await page.textContent('h1')).toBe(`Training of ${HOSTILE}`);
    expect(await page.textContent('.figures dd')).toBe(HOSTILE);
    expect(await page.locator('.curve > div > svg').count()).toBe(3);
    expect(await page.textContent('.curve >> nth=0')).toContain(HOSTILE);
    expect(await page.textContent('.curve >> nth=2')).toContain('no data');
    expect(await tip(page, 1, 0.5)).toBe('step 100\nrate: 0.01');
    // 1 at even steps, 2 at odd ones, which have w / (1 + w) of the weight after an even one
    expect(await tip(page, 0, 0.5)).toContain(`\n${HOSTILE}: ${1 + 0.6 / 1.6} (1)`);
    await page.close();
  });

  it('a drag over one chart zooms all, a double-click shows all steps again', async () => {
    const page = await open(charts(200));
    expect(await range(page)).toEqual([0, 200]);
    const before = await page.innerHTML('.curve >> nth=1');
    await drag(page, 0, 0.75, 0.25);
    expect(await range(page)).toEqual([50, 150]);
    expect(await page.innerHTML('.curve >> nth=1')).not.toBe(before);
    expect(await tip(page, 1, 0.1)).toBe('step 60\nrate: 0.006');
    // the y axis is around what is in view: below 100 / 50
    const labels = await page.locator('.curve >> nth=0').locator('svg text[text-anchor="end"]').allTextContents();
    expect(Math.max(...labels.map(Number))).toBeLessThanOrEqual(2.5);
    await drag(page, 0, 0.5, 0.505);
    expect(await range(page)).toEqual([50, 150]);
    await page.locator('.curve').nth(1).dblclick();
    expect(await range(page)).toEqual([0, 200]);
    await page.fill('#from', '20');
    await page.locator('#from').blur();
    expect(await range(page)).toEqual([20, 200]);
    await page.getByRole('button', { name: 'All steps' }).click();
    expect(await range(page)).toEqual([0, 200]);
    await page.close();
  });

  it('smoothing and the logarithmic axis are for losses alone', async () => {
    const page = await open(charts(200));
    const drawn = async (): Promise<string[]> => [
      await page.innerHTML('.curve >> nth=0'),
      await page.innerHTML('.curve >> nth=1'),
    ];
    const first = await drawn();
    await page.fill('#smoothing', '0');
    expect(await tip(page, 0, 0.5)).toContain(`\n${HOSTILE}: 1`);
    const rough = await drawn();
    await page.check('#logarithmic');
    const logarithmic = await drawn();
    expect([rough[0] === first[0], logarithmic[0] === rough[0]]).toEqual([false, false]);
    const rates = [first, rough, logarithmic].map(([, rate]) => rate.split('</svg>')[0]);
    expect([rates[1] === rates[0], rates[2] === rates[0]]).toEqual([true, true]);
    await page.close();
  });

  it('what is chosen outlasts a reload, and what an address holds that is none does no harm', async () => {
    const page = await open(charts(200), 30);
    await page.fill('#smoothing', '0.9');
    await page.check('#logarithmic');
    await drag(page, 0, 0.25, 0.75);
    await page.reload();
    expect(await page.inputValue('#smoothing')).toBe('0.9');
    expect(await page.isChecked('#logarithmic')).toBe(true);
    expect(await range(page)).toEqual([50, 150]);
    await page.close();
    const strange = await open(charts(200), null, '#smoothing=7&from=9&to=3&log=x&reload=1');
    expect(await strange.inputValue('#smoothing')).toBe('0.6');
    expect([await range(strange), await strange.isChecked('#logarithmic')]).toEqual([[0, 200], false]);
    expect(await strange.isVisible('#reload')).toBe(false);
    await strange.close();
  });

  it('reloads while the run goes on, where that is asked for', async () => {
    const page = await open(charts(20), 1);
    expect(await page.textContent('#reload-text')).toBe('Reload every 1 s');
    await page.check('#reload');
    const figures = [['loss', 'later']] as const;
    writeFileSync(at('curves.html'), curvesPage({ title: 'x', figures, charts: charts(30), reloadSeconds: null }));
    await expect.poll(() => page.textContent('.figures dd'), { timeout: 20_000 }).toBe('later');
    expect(await range(page)).toEqual([0, 30]);
    await page.close();
  });

  it('a run of 200,000 steps is drawn at once', async () => {
    const many = Array.from({ length: 6 }, (_, i) =>
      curve(`loss ${i}`, 200_000, (step) => Math.abs(Math.sin(step * i))),
    );
    const series = many.map((one) => one.points());
    const page = await open([{ title: 'Losses', label: 'loss', isNoisy: true, series }]);
    const milliseconds = await page.evaluate<number>(`(() => {
      const input = document.getElementById('smoothing');
      const start = performance.now();
      input.value = '0.9';
      input.dispatchEvent(new Event('input'));
      document.querySelector('.curve svg').getBoundingClientRect();
      return performance.now() - start;
    })()`);
    // some 30 ms, more on a busy machine; every step as a point of its own would take seconds
    expect(milliseconds).toBeLessThan(1000);
    expect(await page.textContent('#smoothing-value')).toBe('0.90');
    await page.close();
  });

  it('a page without records says so', async () => {
    const page = await open([]);
    expect(await range(page)).toEqual([0, 1]);
    await page.close();
  });
});
