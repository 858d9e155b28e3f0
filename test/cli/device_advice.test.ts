import { expect, test, vi } from 'vitest';
import { withDeviceAdvice } from '../../src/cli/device-advice';
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

const sentence = "the map needs 3.0 GiB, and the adapter's maxBufferSize is 256.0 MiB";
const lost = new GpuError('the GPU device was lost during set-up of the model: VK_ERROR\n - while mapping\n');
const loss = 'the GPU device was lost during set-up of the model: VK_ERROR - while mapping';

test.each([
  [large, `${sentence}: use smaller images or batches, or another adapter (--adapter)`],
  [
    lost,
    `${loss}: try again; if memory ran out, use smaller images or batches, or another adapter (--adapter); else run ` +
      '`engine doctor`',
  ],
])(
  '%s: what the device has no room for, refuses or loses ends a command with one sentence',
  async (error, expected) => {
    expect(await told(error)).toEqual([2, [`engine: ${expected}`]]);
  },
);

test('a command that knows better ways to need less memory', async () => {
  const advised = (error: Error): Promise<Error> =>
    withDeviceAdvice('use a smaller map', () => Promise.reject(error)).catch((told: Error) => told);
  expect(await told(await advised(large))).toEqual([2, [`engine: ${sentence}: use a smaller map`]]);
  const ways = 'try again; if memory ran out, use a smaller map; else run `engine doctor`';
  expect(await told(await advised(lost))).toEqual([2, [`engine: ${loss}: ${ways}`]]);
});

test('what is not of the device stays what it is', async () => {
  const bug = new TypeError('x is not a function');
  await expect(withDeviceAdvice('use a smaller map', () => Promise.reject(bug))).rejects.toBe(bug);
  expect((await told(bug))[0]).toBe(1);
});
