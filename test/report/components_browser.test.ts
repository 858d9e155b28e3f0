import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportPage } from '../../src/report/html';
import { chromiumMissing, launchChromium } from '../browser/chromium';
import { temporaryFolder } from '../data/temporary_folder';

const CLIENT = fileURLToPath(new URL('../../src/report/client', import.meta.url));

describe.skipIf(chromiumMissing !== undefined)(`parts of report pages in Chromium ${chromiumMissing ?? ''}`, () => {
  const temporary = temporaryFolder();
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser.close();
  });

  async function open(name: string, body: string, code: string): Promise<Page> {
    const bundle = await build({
      stdin: { contents: code, resolveDir: CLIENT, loader: 'js' },
      bundle: true,
      format: 'iife',
      write: false,
    });
    const path = temporary(`${name}.html`);
    const script = bundle.outputFiles[0].text;
    writeFileSync(path, reportPage({ title: name, body, data: {}, script }));
    const page = await browser.newPage({ viewport: { width: 800, height: 700 } });
    await page.goto(pathToFileURL(path).href);
    return page;
  }

  test('a table of 100,000 rows keeps few of them in the document, sorts and scrolls to its end', async () => {
    const page = await open(
      'table',
      '<main id="place"></main>',
      `import { Table } from './table';
       const rows = Array.from({ length: 100000 }, (_, i) => ({ i, value: i % 7 === 0 ? null : (i * 7919) % 100003 }));
       const columns = [
         { title: 'Row', kind: 'text', value: ({ i }) => 'row ' + i },
         { title: 'Value', kind: 'number', value: ({ value }) => value },
       ];
       const table = new Table({ label: 'many', columns, rows, onSelect: ({ i }) => { document.title = String(i); } });
       document.getElementById('place').append(table.element);`,
    );
    const rows = page.locator('tbody tr[data-index]');
    expect(await rows.count()).toBeLessThan(60);
    const start = performance.now();
    await page.getByRole('button', { name: 'Value' }).click();
    // a sort takes a fraction of this even on a busy machine
    expect(performance.now() - start).toBeLessThan(3000);
    const values = Array.from({ length: 100_000 }, (_, i) => ({ i, value: (i * 7919) % 100_003 }))
      .filter(({ i }) => i % 7 !== 0)
      .sort((a, b) => b.value - a.value);
    expect(await rows.first().textContent()).toBe(`row ${values[0].i}${values[0].value}`);
    await page.evaluate(`document.querySelector('.table-scroll').scrollTop = 1e9`);
    // rows without a value come last, and 99995 is the greatest multiple of 7
    const last = rows.last();
    await expect.poll(() => last.getAttribute('data-index')).toBe('99999');
    expect(await last.textContent()).toBe('row 99995–');
    expect(await rows.count()).toBeLessThan(60);
    await page.getByLabel('Value from').fill('100000');
    await page.getByLabel('Value to').fill('100001');
    const within = values.filter(({ value }) => value >= 100_000 && value <= 100_001);
    expect(await page.textContent('.table-count')).toBe(`${within.length} of 100,000 rows`);
    await rows.first().click();
    expect(await page.title()).toBe(String(within[0].i));
    await page.close();
  });

  test('a page runs no script but its own and loads nothing', async () => {
    const requests: string[] = [];
    const server = createServer(({ url }, response) => {
      requests.push(url ?? '');
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const page = await browser.newPage();
    try {
      const path = temporary('policy.html');
      const body = `<img src="${address}/x.png" onerror="document.title = 'handler'">
        <script>document.title = 'script';</script><link rel="stylesheet" href="${address}/x.css">`;
      const script = `document.body.dataset.ran = 'yes'; fetch('${address}/data').catch(() => undefined);`;
      writeFileSync(path, reportPage({ title: 'own', body, data: {}, script }));
      await page.goto(pathToFileURL(path).href);
      expect(await page.title()).toBe('own');
      expect(await page.getAttribute('body', 'data-ran')).toBe('yes');
      expect(requests).toEqual([]);
      // the server is there
      await page.goto(`${address}/page`);
      expect(requests).toContain('/page');
    } finally {
      await page.close();
      server.close();
    }
  });
});
