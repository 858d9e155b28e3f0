import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OutputFolder } from '../../src/data/output_folder';
import { InputError } from '../../src/errors';
import { temporaryFolder } from './temporary_folder';

const at = temporaryFolder();

describe('OutputFolder', () => {
  it('appears at commit, with folders in it', async () => {
    const folder = await OutputFolder.create(at('one', 'new'));
    await folder.add('a.txt', 'A');
    await folder.add('deep/er/b.bin', Uint8Array.of(66));
    expect(existsSync(at('one', 'new'))).toBe(false);
    await folder.commit();
    await folder.abort();
    expect(readdirSync(at('one'))).toEqual(['new']);
    expect(readFileSync(at('one', 'new', 'a.txt'), 'utf8')).toBe('A');
    expect(readFileSync(at('one', 'new', 'deep', 'er', 'b.bin'), 'utf8')).toBe('B');
  });

  it('takes an empty folder and leaves nothing behind when it is aborted', async () => {
    mkdirSync(at('two', 'empty'), { recursive: true });
    const folder = await OutputFolder.create(at('two', 'empty'));
    await folder.add('a', 'A');
    await folder.abort();
    expect(readdirSync(at('two'))).toEqual(['empty']);
    expect(readdirSync(at('two', 'empty'))).toEqual([]);
    const again = await OutputFolder.create(at('two', 'empty'));
    await again.add('a', 'A');
    await again.commit();
    expect(readdirSync(at('two', 'empty'))).toEqual(['a']);
  });

  it('refuses a folder that holds anything, and a file', async () => {
    mkdirSync(at('full'));
    writeFileSync(at('full', 'mine'), 'M');
    await expect(OutputFolder.create(at('full'))).rejects.toThrow(/full already holds files: name a new or empty/);
    await expect(OutputFolder.create(at('full', 'mine'))).rejects.toThrow(InputError);
    await expect(OutputFolder.create(at('full', 'mine', 'below'))).rejects.toThrow(InputError);
    expect(readdirSync(at('full'))).toEqual(['mine']);
  });

  it('may be one of files, of which it replaces those of the same names', async () => {
    mkdirSync(at('shared', 'out'), { recursive: true });
    writeFileSync(at('shared', 'out', 'old'), 'old');
    writeFileSync(at('shared', 'out', 'mine'), 'mine');
    const folder = await OutputFolder.create(at('shared', 'out'), { mayHoldFiles: true });
    await folder.add('old', 'new');
    await folder.add('deep/er', 'D');
    expect(readFileSync(at('shared', 'out', 'old'), 'utf8')).toBe('old');
    await folder.commit();
    await folder.abort();
    expect(readdirSync(at('shared'))).toEqual(['out']);
    const files = ['old', 'mine', 'deep/er'].map((name) => readFileSync(at('shared', 'out', name), 'utf8'));
    expect(files).toEqual(['new', 'mine', 'D']);
    await expect(OutputFolder.create(at('shared', 'out', 'mine'), { mayHoldFiles: true })).rejects.toThrow(/is a file/);
  });

  it('can be read by whoever may read other new folders', async () => {
    mkdirSync(at('plain'));
    const folder = await OutputFolder.create(at('made'));
    await folder.commit();
    expect(statSync(at('made')).mode).toBe(statSync(at('plain')).mode);
  });
});
