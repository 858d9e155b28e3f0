import { readFile } from 'node:fs/promises';
import { InputError } from '../errors';
import { errorCode, errorText, readError } from './file_error';

/**
 * Reads a JSON file.
 * @param what the file's role, for messages, e.g. "annotation file"
 * @throws InputError where it is missing, a folder, empty, or not JSON (with line and column)
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
    const { line, column } = errorPlace(error, content);
    throw new InputError(`${what} ${path} is not JSON: error at line ${line}, column ${column}; is it another file?`);
  }
}

/** Where JSON.parse stopped: V8 says "at position N", or nothing where the text ends too early. */
function errorPlace(error: unknown, text: string): { line: number; column: number } {
  const position = Number(/at position (\d+)/.exec(errorText(error))?.[1] ?? text.length);
  const before = text.slice(0, position);
  const line = before.split('\n').length;
  return { line, column: position - before.lastIndexOf('\n') };
}
