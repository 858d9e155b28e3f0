import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../src/train/log/crc32c';
import { eventRecord, eventSteps, type TensorBoardEvent } from '../../../src/train/log/tensorboard_event';

interface Reference {
  readonly events: readonly TensorBoardEvent[];
  /** What TensorBoard's RecordWriter makes of these events (test/reference/train/tensorboard_events.py), in base64. */
  readonly bytes: string;
}

describe('TensorBoard events', () => {
  // RFC 3720, appendix B.4, as unsigned numbers
  it.each([
    ['zeros', new Uint8Array(32), 0x8a9136aa],
    ['ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['ascending', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ['descending', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    ['the digits 1 to 9', Buffer.from('123456789'), 0xe3069283],
  ])('CRC32C of %s', (_, bytes, crc) => {
    expect(crc32c(bytes)).toBe(crc);
  });

  it('finds the records of a file and their steps again', () => {
    const steps = [0, 1, 127, 128, 16_384, 2 ** 33 + 5];
    const records = steps.map((step) =>
      eventRecord({ wallTime: 1.7e9, step, content: { kind: 'scalars', scalars: { a: step } } }),
    );
    const file = Buffer.concat(records);
    const ends = records.map((_, i) => Buffer.concat(records.slice(0, i + 1)).length);
    const whole = steps.map((step, i) => ({ step, end: ends[i] }));
    expect([...eventSteps(file)]).toEqual(whole);
    for (const lost of [1, 5, records[5].length - 1]) {
      expect([...eventSteps(file.subarray(0, file.length - lost))]).toEqual(whole.slice(0, 5));
    }
    expect([...eventSteps(Buffer.alloc(0))]).toEqual([]);
  });

  it("the same bytes as TensorBoard's writer", () => {
    const path = new URL('../../reference/fixtures/tensorboard_events.json', import.meta.url);
    const { events, bytes } = JSON.parse(readFileSync(path, 'utf8')) as Reference;
    expect(events.length).toBeGreaterThan(5);
    expect(Buffer.concat(events.map(eventRecord)).toString('base64')).toBe(bytes);
  });
});
