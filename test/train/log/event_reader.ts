export interface ReadEvent {
  readonly step: number;
  readonly fileVersion?: string;
  readonly start?: boolean;
  readonly scalars?: Readonly<Record<string, number>>;
}

/** Events of a TensorBoard file, without their times; the checksums are another test's (tensorboard_event.test.ts). */
export function readEvents(file: Buffer): ReadEvent[] {
  const events: ReadEvent[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    events.push(eventOf(file.subarray(at + 12, at + 12 + length)));
    at += length + 16;
  }
  return events;
}

function eventOf(message: Buffer): ReadEvent {
  let event: ReadEvent = { step: 0 };
  for (const [field, value] of fieldsOf(message)) {
    if (field === 2) {
      event = { ...event, step: value as number };
    } else if (field === 3) {
      event = { ...event, fileVersion: (value as Buffer).toString() };
    } else if (field === 7) {
      event = { ...event, start: fieldsOf(value as Buffer)[0][1] === 1 };
    } else if (field === 5) {
      const values = fieldsOf(value as Buffer).map(([, one]) => {
        const [[, tag], [, scalar]] = fieldsOf(one as Buffer);
        return [(tag as Buffer).toString(), (scalar as Buffer).readFloatLE()] as const;
      });
      event = { ...event, scalars: Object.fromEntries(values) };
    }
  }
  return event;
}

/** Field numbers with a number (varint) or the bytes (all else). */
function fieldsOf(message: Buffer): [field: number, value: number | Buffer][] {
  const fields: [number, number | Buffer][] = [];
  let at = 0;
  const varint = (): number => {
    let [value, factor] = [0, 1];
    for (; message[at] >= 128; factor *= 128) {
      value += (message[at++] - 128) * factor;
    }
    return value + message[at++] * factor;
  };
  while (at < message.length) {
    const key = varint();
    if (key % 8 === 0) {
      fields.push([key >> 3, varint()]);
      continue;
    }
    const length = key % 8 === 1 ? 8 : key % 8 === 5 ? 4 : varint();
    fields.push([key >> 3, message.subarray(at, at + length)]);
    at += length;
  }
  return fields;
}
