import { writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJsonFile } from '../../src/data/json_file';
import { findJsonError } from '../../src/data/json_syntax';
import { InputError } from '../../src/errors';
import { temporaryFolder } from './temporary_folder';

const at = temporaryFolder();

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('findJsonError', () => {
  it.each([
    ['{"a": [1,\n  2,]}', 2, 5, 'unexpected'],
    ['{"a": 1,}', 1, 9, 'unexpected'],
    ['{"a" 1}', 1, 6, 'unexpected'],
    ["{'a': 1}", 1, 2, 'unexpected'],
    ['[1, 2}', 1, 6, 'unexpected'],
    ['[01]', 1, 2, 'unexpected'],
    ['[1.]', 1, 2, 'unexpected'],
    ['[1] [2]', 1, 5, 'unexpected'],
    ['["a\nb"]', 1, 4, 'unexpected'],
    ['["a\\x41  "]', 1, 4, 'unexpected'],
    ['[True]', 1, 2, 'unexpected'],
    ['[1,\n\n[{"a": NaN}]]', 3, 8, 'constant'],
    ['[-Infinity]', 1, 2, 'constant'],
    ['[Infinity]', 1, 2, 'constant'],
    ['', 1, 1, 'end'],
    ['[1, 2', 1, 6, 'end'],
    ['[{"a": "b', 1, 10, 'end'],
    ['[tr', 1, 4, 'end'],
    ['[-', 1, 3, 'end'],
    ['["\\u00', 1, 7, 'end'],
  ])('%j: line %i, column %i, %s', (text, line, column, kind) => {
    expect(findJsonError(text)).toMatchObject({ line, column, kind });
  });

  it('agrees with JSON.parse on what is JSON, whole, cut and changed', () => {
    const changed = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', ']', '{', '"', '\\', '1', 'e', '-', ' ', 'null', '\n', '\t'))
      .map(([text, at, piece]) => {
        const position = at % (text.length + 1);
        return text.slice(0, position) + piece + text.slice(position + 1);
      });
    fc.assert(
      fc.property(fc.oneof(fc.json(), changed), (text) => {
        expect(findJsonError(text) === null).toBe(parses(text));
      }),
      { numRuns: 3000 },
    );
  });

  it('calls every beginning of a document cut off, at its end', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1 }), fc.nat(), (value, at) => {
        const text = JSON.stringify(value);
        const cut = text.slice(0, at % text.length);
        expect(findJsonError(cut)).toMatchObject({ kind: 'end', line: 1, column: cut.length + 1 });
      }),
      { numRuns: 2000 },
    );
  });

  it('takes nesting without end and long strings', () => {
    expect(findJsonError('['.repeat(200_000))).toMatchObject({ kind: 'end', column: 200_001 });
    expect(findJsonError(`["${'x'.repeat(5_000_000)}", NaN]`)).toMatchObject({ kind: 'constant' });
  });
});

describe('readJsonFile', () => {
  it.each<[string, string | Uint8Array, RegExp]>([
    ['empty', ' \n', /is empty: a JSON file is needed/],
    ['cut', '[{"image_id": 1,\n "sco', /is cut off: it ends at line 2, column 6/],
    ['NaN', '[{"score": NaN}]', /holds NaN at line 1, column 12: JSON has no such number/],
    ['unexpected', '[1;2]', /is not JSON: error at line 1, column 3; is it another file/],
    ['PNG', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a), /is not JSON but a PNG image/],
    ['JPEG', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 0x10), /is not JSON but no text \(a JPEG image\?\)/],
    ['UTF-16', Buffer.from('\ufeff{"images": []}', 'utf16le'), /is not JSON but text in UTF-16: save it as UTF-8/],
    ['zip', Buffer.from('PK\x03\x04data'), /is not JSON but a zip archive or a PyTorch file/],
    ['XML', '<annotation></annotation>', /is not JSON but XML or HTML/],
    ['LFS', 'version https://git-lfs.github.com/spec/v1\n', /is not JSON but a Git LFS pointer: run git lfs pull/],
    [
      'safetensors',
      Buffer.concat([Uint8Array.of(0x98, 0x11, 0, 0, 0, 0, 0, 0), Buffer.from('{"a":{"dtype":"F32"}}')]),
      /is not JSON but a safetensors file/,
    ],
  ])('%s: one sentence with the file and the way out', async (_, content, pattern) => {
    const path = at('file.json');
    writeFileSync(path, content);
    const error: unknown = await readJsonFile(path, 'annotation file').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).message).toMatch(pattern);
    expect((error as InputError).message).toContain(`annotation file ${path}`);
    expect((error as InputError).message).not.toContain('\n');
  });

  it('takes a byte-order mark', async () => {
    writeFileSync(at('bom.json'), '\ufeff{"a": 1}');
    expect(await readJsonFile(at('bom.json'), 'file')).toEqual({ a: 1 });
  });
});
