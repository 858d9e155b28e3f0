import { open } from 'node:fs/promises';
import { AtomicFile } from '../../data/atomic';
import { errorCode, readError } from '../../data/file_error';
import { parseMetricsLine } from './metrics_line';
import type { LogRecord } from './records';

/**
 * Drops from a metrics.jsonl what a run that resumes after `step` will write again, and lines that are no records.
 * @param onRecord is given each record that stays
 * @returns how many lines were no records
 * @throws InputError where the file cannot be read or written
 */
export async function keepMetricsUntil(
  path: string,
  step: number,
  onRecord: (record: LogRecord) => void,
): Promise<number> {
  let unreadable = 0;
  const file = await AtomicFile.create(path);
  try {
    for await (const line of linesOf(path)) {
      const record = parseMetricsLine(line);
      if (record === null) {
        unreadable++;
      } else if (record.step <= step) {
        await file.write(`${line}\n`);
        onRecord(record);
      }
    }
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
  return unreadable;
}

/** None where there is no such file. */
async function* linesOf(path: string): AsyncGenerator<string> {
  try {
    const handle = await open(path);
    yield* handle.readLines();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') {
      throw readError(error, 'metrics file', path);
    }
  }
}
