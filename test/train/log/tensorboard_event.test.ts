import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../src/train/log/crc32c';
import { eventRecord, type TensorBoardEvent } from '../../../src/train/log/tensorboard_event';

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

  it("the same bytes as TensorBoard's writer", () => {
    const path = new URL('../../reference/fixtures/tensorboard_events.json', import.meta.url);
    const { events, bytes } = JSON.parse(readFileSync(path, 'utf8')) as Reference;
    expect(events.length).toBeGreaterThan(5);
    expect(Buffer.concat(events.map(eventRecord)).toString('base64')).toBe(bytes);
  });
});
