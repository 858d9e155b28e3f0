import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { escapeHtml, reportPage } from '../../src/report/html';

const HOSTILE = '</script><img src=x onerror=alert(1)><!-- \u2028 & "';

function page(script = 'void 0;'): string {
  return reportPage({ title: HOSTILE, body: '<main></main>', data: { list: [HOSTILE], other: null }, script });
}

test('what stands in data never ends its script element, and is read back as it was', () => {
  const blocks = [...page().matchAll(/<script type="application\/json" id="(\w+)">(.*?)<\/script>/gs)];
  expect(blocks.map(([, id, text]) => [id, JSON.parse(text) as unknown])).toEqual([
    ['list', [HOSTILE]],
    ['other', null],
  ]);
  expect(page().match(/<!--|<img/g)).toBeNull();
  expect(blocks.filter(([, , text]) => text.includes('\u2028'))).toEqual([]);
});

test('titles are escaped', () => {
  expect(/<title>(.*)<\/title>/s.exec(page())?.[1]).toBe(escapeHtml(HOSTILE));
  expect(escapeHtml(`<a href='x' title="y">&`)).toMatch(/^&lt;a href=(&#39;|&apos;)x\1 title=&quot;y&quot;&gt;&amp;$/);
});

test('the policy allows this very script, images within the file, and nothing else', () => {
  const html = page('const end = "</script>";');
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
  const scripts = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map(([, text]) => text);
  expect(scripts).toHaveLength(1);
  const hash = createHash('sha256').update(scripts[0]).digest('base64');
  expect(policy.split('; ')).toEqual([
    "default-src 'none'",
    'img-src data:',
    "style-src 'unsafe-inline'",
    `script-src 'sha256-${hash}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ]);
  expect(runInNewContext(`${scripts[0]} end;`)).toBe('</script>');
});

test('nothing is fetched from anywhere', () => {
  const html = reportPage({ title: 'plain', body: '<main></main>', data: {}, script: 'void 0;' });
  expect(html.match(/https?:|src=|href=|@import|url\(/g)).toBeNull();
});
