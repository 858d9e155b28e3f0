import { maskedCrc32c } from './crc32c';

/*
 * TensorBoard's event files: records in TFRecord framing, each an `Event` message of protocol buffers.
 * Formats: tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto.
 */

/** What a record says; the first of a file is `fileVersion`. */
export type EventContent =
  | { readonly kind: 'fileVersion' }
  /** A session begins: readers forget what other files have for this step and later ones. */
  | { readonly kind: 'sessionStart' }
  | { readonly kind: 'scalars'; readonly scalars: Readonly<Record<string, number>> };

export interface TensorBoardEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  readonly content: EventContent;
}

/** Bytes of a record before its message, after it, and both. */
const LENGTH_AND_CHECKSUM = 12;
const CHECKSUM = 4;
const FRAME = LENGTH_AND_CHECKSUM + CHECKSUM;

/** One event as a record: u64 length, its masked CRC32C, the message, its masked CRC32C; all little-endian. */
export function eventRecord(event: TensorBoardEvent): Uint8Array {
  const message = Buffer.concat([
    double(1, event.wallTime),
    event.step === 0 ? Buffer.alloc(0) : varint(2, event.step),
    contentField(event.content),
  ]);
  const record = Buffer.alloc(message.length + FRAME);
  record.writeBigUInt64LE(BigInt(message.length), 0);
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  record.set(message, LENGTH_AND_CHECKSUM);
  record.writeUInt32LE(maskedCrc32c(message), message.length + LENGTH_AND_CHECKSUM);
  return record;
}

/**
 * Where the whole records of a file that `eventRecord` made end, and their steps. What follows the last of them was cut short.
 */
export function* eventSteps(file: Buffer): Generator<{ readonly end: number; readonly step: number }> {
  for (let start = 0; start + FRAME <= file.length;) {
    const end = start + FRAME + Number(file.readBigUInt64LE(start));
    if (end > file.length) {
      return;
    }
    yield { end, step: stepOf(file.subarray(start + LENGTH_AND_CHECKSUM, end - CHECKSUM)) };
    start = end;
  }
}

/** The message's second field, which is left out where it is 0; the first one takes 9 bytes. */
function stepOf(message: Buffer): number {
  const stepAt = 9;
  if (message[stepAt] !== key(2, WIRE.varint)[0]) {
    return 0;
  }
  let [step, factor] = [0, 1];
  for (let at = stepAt + 1; at < message.length; at++, factor *= 128) {
    step += (message[at] & 127) * factor;
    if (message[at] < 128) {
      break;
    }
  }
  return step;
}

function contentField(content: EventContent): Buffer {
  switch (content.kind) {
    case 'fileVersion':
      return text(3, 'brain.Event:2');
    case 'sessionStart':
      return bytes(7, varint(1, 1));
    case 'scalars':
      return bytes(
        5,
        Buffer.concat(
          Object.entries(content.scalars).map(([tag, value]) =>
            bytes(1, Buffer.concat([text(1, tag), float(2, value)])),
          ),
        ),
      );
  }
}

/** The wire types of protocol buffers that are used here. */
const WIRE = { varint: 0, double: 1, bytes: 2, float: 5 };

function key(field: number, wireType: number): number[] {
  return base128((field << 3) | wireType);
}

function base128(value: number): number[] {
  const found: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) {
    found.push((rest % 128) | 128);
  }
  return [...found, rest];
}

function varint(field: number, value: number): Buffer {
  return Buffer.from([...key(field, WIRE.varint), ...base128(value)]);
}

function bytes(field: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([...key(field, WIRE.bytes), ...base128(content.length)]), content]);
}

function text(field: number, content: string): Buffer {
  return bytes(field, Buffer.from(content, 'utf8'));
}

function double(field: number, value: number): Buffer {
  const buffer = Buffer.from([...key(field, WIRE.double), ...new Uint8Array(8)]);
  buffer.writeDoubleLE(value, buffer.length - 8);
  return buffer;
}

function float(field: number, value: number): Buffer {
  const buffer = Buffer.from([...key(field, WIRE.float), ...new Uint8Array(4)]);
  buffer.writeFloatLE(value, buffer.length - 4);
  return buffer;
}
