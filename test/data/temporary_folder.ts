import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

/** A fresh folder for the tests of one file, removed after them; returns a function that joins names to it. */
export function temporaryFolder(): (...names: string[]) => string {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mask-engine-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return (...names) => {
    if (folder === '') {
      throw new Error('the temporary folder is there only while tests run');
    }
    return join(folder, ...names);
  };
}
