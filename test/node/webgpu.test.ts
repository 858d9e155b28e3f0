import { describe, expect, it } from 'vitest';
import { throttled } from '../../src/node/webgpu';

/** How often the event loop turns while `promise` is pending. */
async function turnsWhile(promise: Promise<unknown>): Promise<number> {
  let turns = 0;
  let done = false;
  const count = (): void => {
    turns++;
    if (!done) {
      setImmediate(count);
    }
  };
  setImmediate(count);
  await promise;
  done = true;
  return turns;
}

const later = <T>(ms: number, value: T): Promise<T> => new Promise((resolve) => setTimeout(resolve, ms, value));

describe('throttled', () => {
  it('gives the value and passes the failure on', async () => {
    expect(await throttled(later(5, 'value'), 0.3)).toBe('value');
    await expect(throttled(Promise.reject(new Error('lost')), 0.3)).rejects.toThrow('lost');
  });

  it('slows the event loop down while it waits, and only then', async () => {
    const turns = await turnsWhile(throttled(later(100, 0), 5));
    expect(turns).toBeGreaterThan(2);
    expect(turns).toBeLessThan(30);
    expect(await turnsWhile(later(100, 0))).toBeGreaterThan(100);
  });

  it('goes on until the last of several waits ends', async () => {
    const long = throttled(later(120, 'long'), 5);
    expect(await throttled(later(10, 'short'), 5)).toBe('short');
    expect(await turnsWhile(long)).toBeLessThan(30);
    expect(await turnsWhile(later(100, 0))).toBeGreaterThan(100);
  });
});
