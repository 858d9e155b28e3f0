import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildBrowser } from '../../scripts/build.mjs';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mask-engine-build-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** The browser bundle of one file. */
async function bundle(text: string): Promise<string> {
  const entry = join(folder, 'entry.ts');
  writeFileSync(entry, text);
  const { outputFiles } = await buildBrowser(entry);
  return outputFiles?.find(({ path }) => path.endsWith('.js'))?.text ?? '';
}

describe('buildBrowser', () => {
  it('takes shaders as text', async () => {
    writeFileSync(join(folder, 'a.wgsl'), 'fn marker() {}');
    expect(await bundle(`import source from './a.wgsl';\nexport const a = source;`)).toContain('fn marker() {}');
  });

  it('fails where something of Node is imported, wherever it stands', async () => {
    writeFileSync(join(folder, 'deep.ts'), `import { readFileSync } from 'node:fs';\nexport const a = readFileSync;`);
    await expect(bundle(`export { a } from './deep';`)).rejects.toThrow(/must not import "node:fs" \(in .*deep\.ts/);
    await expect(bundle(`export { join } from 'path';`)).rejects.toThrow(/must not import "path"/);
  });
});
