import { readFile } from 'node:fs/promises';
import { InputError } from '../errors';
import { errorCode, readError } from './file_error';
import { findJsonError } from './json_syntax';

/**
 * Reads a JSON file.
 * @param what the file's role, for messages, e.g. "annotation file"
 * @throws InputError where it is missing, a folder, empty, or not JSON (with line and column of
 * the first error, and a word on NaN, which Python writes)
 */
export async function readJsonFile(path: string, what: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ERR_STRING_TOO_LONG' || errorCode(error) === 'ERR_FS_FILE_TOO_LARGE') {
      throw new InputError(`${what} ${path} is larger than the 512 MiB that can be read: split it`);
    }
    throw readError(error, what, path);
  }
  // Editors on Windows put a byte-order mark first, which JSON.parse refuses.
  const content = text.replace(/^\ufeff/, '');
  if (content.trim() === '') {
    throw new InputError(`${what} ${path} is empty: a JSON file is needed`);
  }
  try {
    return JSON.parse(content) as unknown;
  } catch (error) {
    throw syntaxError(content, `${what} ${path}`) ?? error;
  }
}

/** What else people name by mistake, by its beginning as UTF-8 shows it. */
const OTHER_CONTENT: readonly [beginning: RegExp, what: string][] = [
  [/^\ufffdPNG/, 'a PNG image: name a JSON file'],
  [/^\ufffd{3}/, 'no text (a JPEG image?): name a JSON file'],
  [/^\ufffd{2}(?:\0|.\0)/s, 'text in UTF-16: save it as UTF-8'],
  [/^PK\x03\x04/, 'a zip archive or a PyTorch file: name a JSON file'],
  [/^[^{]{1,4}\0{4,7}\{/, 'a safetensors file, which holds weights: name a JSON file'],
  [/^\s*</, 'XML or HTML (`engine data convert` makes COCO of PASCAL VOC): name a JSON file'],
  [/^version https:\/\/git-lfs/, 'a Git LFS pointer: run git lfs pull'],
];

function syntaxError(text: string, file: string): InputError | null {
  const other = OTHER_CONTENT.find(([beginning]) => beginning.test(text.slice(0, 64)));
  if (other !== undefined) {
    return new InputError(`${file} is not JSON but ${other[1]}`);
  }
  const found = findJsonError(text);
  if (found === null) {
    return null;
  }
  const place = `line ${found.line}, column ${found.column}`;
  switch (found.kind) {
    case 'end':
      return new InputError(`${file} is cut off: it ends at ${place}, before its JSON does; copy or write it again`);
    case 'constant':
      return new InputError(
        `${file} holds ${found.token} at ${place}: JSON has no such number; leave out what has it, or correct it`,
      );
    case 'unexpected':
      return new InputError(`${file} is not JSON: error at ${place}; is it another file?`);
  }
}
