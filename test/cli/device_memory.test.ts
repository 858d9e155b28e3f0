import { expect, test, vi } from 'vitest';
import { withMemoryAdvice } from '../../src/cli/device-memory';
import { runCommandLine } from '../../src/cli/program';
import { DeviceMemoryError, GpuError } from '../../src/gpu/errors';

const large = new DeviceMemoryError('the map', 3 * 2 ** 30, "the adapter's maxBufferSize", 2 ** 28);

/** What `engine fail` prints and ends with, where the command throws this. */
async function told(error: Error): Promise<[number, string[]]> {
  const lines: string[] = [];
  const errors = vi.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line));
  const code = await runCommandLine(
    ['fail'],
    [
      (program) => {
        program.command('fail').action(() => Promise.reject(error));
      },
    ],
  );
  errors.mockRestore();
  return [code, lines];
}

test('what the device has no room for ends a command with one sentence, with the way out where there is one', async () => {
  const sentence = "the map needs 3.0 GiB, and the adapter's maxBufferSize is 256.0 MiB";
  expect(await told(large)).toEqual([2, [`engine: ${sentence}`]]);
  const advised = await withMemoryAdvice('use a smaller map', () => Promise.reject(large)).catch(
    (error: Error) => error,
  );
  expect(await told(advised)).toEqual([2, [`engine: ${sentence}: use a smaller map`]]);
});

test('other errors of the device are not of memory', async () => {
  const lost = new GpuError('the GPU device was lost');
  await expect(withMemoryAdvice('use a smaller map', () => Promise.reject(lost))).rejects.toBe(lost);
  expect((await told(lost))[0]).toBe(1);
});
