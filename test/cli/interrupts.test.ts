import { expect, test, vi } from 'vitest';
import { withInterrupts } from '../../src/cli/interrupts';

/** What work is told before and after an event. */
async function told(event: () => void): Promise<[boolean, boolean]> {
  const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  try {
    return await withInterrupts((isStopping) => {
      const before = isStopping();
      event();
      return Promise.resolve([before, isStopping()]);
    });
  } finally {
    errors.mockRestore();
  }
}

function onTerminal(isTTY: boolean, run: () => void): void {
  const streams = [process.stdout, process.stderr];
  const were = streams.map((stream) => stream.isTTY);
  streams.forEach((stream) => (stream.isTTY = isTTY));
  run();
  streams.forEach((stream, i) => (stream.isTTY = were[i]));
}

test('Ctrl-C and the end of a terminal that is written to ask for an end', async () => {
  expect(await told(() => process.emit('SIGINT', 'SIGINT'))).toEqual([false, true]);
  expect(await told(() => process.emit('SIGTERM', 'SIGTERM'))).toEqual([false, true]);
  const hangUp = (isTTY: boolean) => () => {
    onTerminal(isTTY, () => process.emit('SIGHUP', 'SIGHUP'));
  };
  expect(await told(hangUp(true))).toEqual([false, true]);
  expect(await told(hangUp(false))).toEqual([false, false]);
});

test('a second Ctrl-C ends the process', async () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  await told(() => {
    process.emit('SIGINT', 'SIGINT');
    expect(exit).not.toHaveBeenCalled();
    process.emit('SIGINT', 'SIGINT');
  });
  expect(exit).toHaveBeenCalledExactlyOnceWith(130);
  exit.mockRestore();
});

test.each(['stdout', 'stderr'] as const)(
  'that nobody reads %s any more ends nothing until the work is done',
  async (name) => {
    const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const ends = vi.fn();
    process[name].on('error', ends);
    expect(await told(() => process[name].emit('error', gone))).toEqual([false, false]);
    expect(ends).not.toHaveBeenCalled();
    process[name].emit('error', gone);
    expect(ends).toHaveBeenCalledExactlyOnceWith(gone);
    process[name].removeListener('error', ends);
  },
);

test('listeners are as before, also after an error', async () => {
  const listener = (): void => undefined;
  process.on('SIGTERM', listener);
  await expect(withInterrupts(() => Promise.reject(new Error('work')))).rejects.toThrow('work');
  expect(process.listeners('SIGTERM')).toContain(listener);
  process.removeListener('SIGTERM', listener);
});
