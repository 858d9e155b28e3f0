import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { AtomicFile } from '../../src/data/atomic';
import { writeFile } from '../../src/data/write_file';
import { InputError } from '../../src/errors';
import { temporaryFolder } from './temporary_folder';

const at = temporaryFolder();

it('writes text and bytes, making folders, and leaves no temporary file', async () => {
  await writeFile(at('new', 'deep', 'a.txt'), 'Grüße');
  await writeFile(at('new', 'deep', 'b.bin'), Uint8Array.of(0, 255, 7));
  expect(readFileSync(at('new', 'deep', 'a.txt'), 'utf8')).toBe('Grüße');
  expect([...readFileSync(at('new', 'deep', 'b.bin'))]).toEqual([0, 255, 7]);
  expect(readdirSync(at('new', 'deep')).sort()).toEqual(['a.txt', 'b.bin']);
});

it('keeps pieces in order over the buffer size', async () => {
  const file = await AtomicFile.create(at('long.txt'));
  const piece = 'é0123456789'.repeat(1000);
  for (let i = 0; i < 100; i++) {
    await file.write(`${i}:${piece}`);
  }
  await file.writeBytes(Buffer.from('|end'));
  expect(existsSync(at('long.txt'))).toBe(false);
  await file.commit();
  const expected = Array.from({ length: 100 }, (_, i) => `${i}:${piece}`).join('') + '|end';
  expect(readFileSync(at('long.txt'), 'utf8') === expected).toBe(true);
});

it('keeps the old file when aborted', async () => {
  mkdirSync(at('kept'));
  writeFileSync(at('kept', 'a.txt'), 'old');
  const file = await AtomicFile.create(at('kept', 'a.txt'));
  await file.write('new');
  await file.abort();
  await file.abort();
  await expect(file.write('x'.repeat(300_000))).rejects.toThrow(/closed/);
  expect(readFileSync(at('kept', 'a.txt'), 'utf8')).toBe('old');
  expect(readdirSync(at('kept'))).toEqual(['a.txt']);
});

it('refuses a path below a file, and one that is a folder, leaving nothing', async () => {
  mkdirSync(at('bad', 'folder'), { recursive: true });
  writeFileSync(at('bad', 'file'), '');
  await expect(writeFile(at('bad', 'file', 'a.txt'), '')).rejects.toThrow(InputError);
  await expect(writeFile(at('bad', 'folder'), 'x')).rejects.toThrow(InputError);
  expect(readdirSync(at('bad')).sort()).toEqual(['file', 'folder']);
});

it.skipIf(!existsSync('/proc/self'))(
  'refuses a path below /proc, which says that a missing folder is not there',
  async () => {
    await expect(writeFile('/proc/none/deep/a.txt', 'x')).rejects.toThrow(InputError);
  },
);
