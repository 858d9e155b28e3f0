import { InputError } from '../errors';
import { PickleDict, PickleGlobal, PickleSet, PickleTuple, kindOfValue } from './pickle-values';
import type { PickleValue } from './pickle-values';
import { quoteName } from './text';

/** Pickles of checkpoints are some hundred kilobytes; the bounds keep a hostile one from taking all memory. */
const longestPickle = 32 * 1024 * 1024;
const mostObjects = 1_000_000;
const longestInteger = 64;
const wayOut = 'save only the weights with torch.save(model.state_dict(), path)';

const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What a pickle may name, and what it may fetch from outside itself. */
export interface UnpickleHost {
  /** By full name, `module.name`. Everything else is refused. */
  globals: ReadonlyMap<string, PickleGlobal>;
  /** Resolves a persistent id, or throws an InputError. */
  persistentLoad(id: PickleValue): PickleValue;
}

/** The value of a pickle, and where the bytes behind it begin. */
export interface Unpickled {
  value: PickleValue;
  end: number;
}

/**
 * Reads one pickle (protocols 0 to 5; the opcodes are those of CPython's Lib/pickletools.py) from `bytes` at `start`.
 *
 * Plain containers and scalars are built; a global is looked up in `host.globals` and nothing else is ever called.
 * Nesting costs no call stack, and memory is bounded by the pickle's length.
 *
 * @param file name for messages
 * @throws InputError naming `module.name` of what is refused, or saying what is damaged
 */
export function unpickle(bytes: Uint8Array, start: number, file: string, host: UnpickleHost): Unpickled {
  return new Unpickler(bytes, start, file, host).run();
}

class Unpickler {
  private readonly view: DataView;
  private readonly limit: number;
  private position: number;
  private stack: PickleValue[] = [];
  private readonly marks: PickleValue[][] = [];
  private readonly memo = new Map<number, PickleValue>();
  private objects = 0;

  constructor(
    private readonly bytes: Uint8Array,
    start: number,
    private readonly file: string,
    private readonly host: UnpickleHost,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = start;
    this.limit = Math.min(bytes.length, start + longestPickle);
  }

  run(): Unpickled {
    for (;;) {
      const at = this.position;
      const opcode = String.fromCharCode(this.byte());
      if (opcode === '.') {
        return { value: this.pop(), end: this.position };
      }
      this.step(opcode, at);
    }
  }

  private step(opcode: string, at: number): void {
    switch (opcode) {
      // Framing
      case '\x80': {
        const protocol = this.byte();
        if (protocol > 5) {
          throw new InputError(`${this.file}: pickle protocol ${protocol} is not known (0 to 5 are); ${wayOut}.`);
        }
        return;
      }
      case '\x95':
        this.length64();
        return;

      // Stack and memo
      case '(':
        this.count();
        this.marks.push(this.stack);
        this.stack = [];
        return;
      case '0':
        // As in CPython, a POP with nothing above the mark takes the mark away.
        if (this.stack.length === 0) {
          this.popMark();
        } else {
          this.pop();
        }
        return;
      case '1':
        this.popMark();
        return;
      case '2':
        this.stack.push(this.top());
        return;
      case 'g':
        this.get(this.decimal());
        return;
      case 'h':
        this.get(this.byte());
        return;
      case 'j':
        this.get(this.uint32());
        return;
      case 'p':
        this.put(this.decimal());
        return;
      case 'q':
        this.put(this.byte());
        return;
      case 'r':
        this.put(this.uint32());
        return;
      case '\x94':
        this.put(this.memo.size);
        return;

      // Scalars
      case 'N':
        this.stack.push(null);
        return;
      case '\x88':
        this.stack.push(true);
        return;
      case '\x89':
        this.stack.push(false);
        return;
      case 'I':
        this.stack.push(this.textInteger());
        return;
      case 'L':
        this.stack.push(this.textInteger());
        return;
      case 'J':
        this.stack.push(this.view.getInt32(this.take(4), true));
        return;
      case 'K':
        this.stack.push(this.byte());
        return;
      case 'M':
        this.stack.push(this.view.getUint16(this.take(2), true));
        return;
      case '\x8a':
        this.stack.push(this.binaryInteger(this.byte()));
        return;
      case '\x8b':
        this.stack.push(this.binaryInteger(this.int32()));
        return;
      case 'F':
        this.stack.push(this.textFloat());
        return;
      case 'G':
        this.stack.push(this.view.getFloat64(this.take(8), false));
        return;

      // Strings and bytes
      case 'S':
        this.stack.push(unescapeRepr(this.line()));
        return;
      case 'V':
        this.stack.push(
          this.line().replace(/\\u([0-9a-fA-F]{4})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
        );
        return;
      case 'T':
        this.stack.push(this.latin1(this.int32()));
        return;
      case 'U':
        this.stack.push(this.latin1(this.byte()));
        return;
      case 'X':
        this.stack.push(this.utf8(this.uint32()));
        return;
      case '\x8c':
        this.stack.push(this.utf8(this.byte()));
        return;
      case '\x8d':
        this.stack.push(this.utf8(this.length64()));
        return;
      case 'B':
        this.pushBytes(this.uint32());
        return;
      case 'C':
        this.pushBytes(this.byte());
        return;
      case '\x8e':
      case '\x96':
        this.pushBytes(this.length64());
        return;

      // Containers
      case ']':
        this.pushObject([]);
        return;
      case 'l':
        this.pushObject(this.popMark());
        return;
      case 'a': {
        const item = this.pop();
        this.list().push(item);
        return;
      }
      case 'e': {
        const items = this.popMark();
        const list = this.list();
        for (const item of items) {
          list.push(item);
        }
        return;
      }
      case ')':
        this.pushObject(new PickleTuple([]));
        return;
      case 't':
        this.pushObject(new PickleTuple(this.popMark()));
        return;
      case '\x85':
        this.pushObject(new PickleTuple([this.pop()]));
        return;
      case '\x86':
        this.pushTuple(2);
        return;
      case '\x87':
        this.pushTuple(3);
        return;
      case '}':
        this.pushObject(new PickleDict());
        return;
      case 'd': {
        const items = this.popMark();
        const dict = new PickleDict();
        this.setItems(dict, items);
        this.pushObject(dict);
        return;
      }
      case 's': {
        const value = this.pop();
        const key = this.pop();
        this.setItems(this.dict(), [key, value]);
        return;
      }
      case 'u': {
        const items = this.popMark();
        this.setItems(this.dict(), items);
        return;
      }
      case '\x8f':
        this.pushObject(new PickleSet());
        return;
      case '\x90': {
        const items = this.popMark();
        const set = this.top();
        if (!(set instanceof PickleSet)) {
          throw this.damaged(`adds items to ${kindOfValue(set)}`);
        }
        for (const item of items) {
          set.items.add(item);
        }
        return;
      }
      case '\x91': {
        const set = new PickleSet();
        for (const item of this.popMark()) {
          set.items.add(item);
        }
        this.pushObject(set);
        return;
      }

      // Names, calls and objects
      case 'c': {
        const module = this.line();
        this.stack.push(this.global(module, this.line()));
        return;
      }
      case '\x93': {
        const name = this.pop();
        const module = this.pop();
        if (typeof name !== 'string' || typeof module !== 'string') {
          throw this.damaged('names something by other than strings');
        }
        this.stack.push(this.global(module, name));
        return;
      }
      case 'R': {
        const args = this.pop();
        this.pushObject(this.call(this.pop(), args));
        return;
      }
      case '\x81': {
        const args = this.pop();
        this.pushObject(this.call(this.pop(), args));
        return;
      }
      case 'b':
        this.build();
        return;
      case 'i': {
        const module = this.line();
        const name = this.line();
        this.global(module, name);
        throw this.refused(`${module}.${name}`, 'makes an instance of');
      }
      case 'o':
        throw this.refused(kindOfValue(this.popMark()[0]), 'makes an instance of');
      case '\x92': {
        this.pop();
        this.pop();
        throw this.refused(kindOfValue(this.pop()), 'makes an instance of');
      }
      case '\x82':
        throw this.refused(`copyreg extension ${this.byte()}`, 'asks for');
      case '\x83':
        throw this.refused(`copyreg extension ${this.view.getUint16(this.take(2), true)}`, 'asks for');
      case '\x84':
        throw this.refused(`copyreg extension ${this.int32()}`, 'asks for');
      case 'P':
        this.pushObject(this.host.persistentLoad(this.line()));
        return;
      case 'Q':
        this.pushObject(this.host.persistentLoad(this.pop()));
        return;
      case '\x97':
      case '\x98':
        throw this.refused('an out-of-band buffer', 'asks for');
      default:
        throw this.damaged(`has no opcode 0x${opcode.charCodeAt(0).toString(16).padStart(2, '0')} (byte ${at})`);
    }
  }

  private refused(name: string, verb: string): InputError {
    return new InputError(
      `${this.file}: its pickle ${verb} ${quoteName(name).slice(1, -1)}, which is neither a tensor nor a plain ` +
        `container, so it is refused and nothing of it was run; ${wayOut}.`,
    );
  }

  private damaged(what: string): InputError {
    return new InputError(`${this.file}: its pickle ${what}, so the file is damaged; download or save it again.`);
  }

  private global(module: string, name: string): PickleGlobal {
    const found = this.host.globals.get(`${module}.${name}`);
    if (found === undefined) {
      throw this.refused(`${module}.${name}`, 'asks for');
    }
    return found;
  }

  private call(callee: PickleValue, args: PickleValue): PickleValue {
    if (!(callee instanceof PickleGlobal) || callee.call === null) {
      throw this.refused(kindOfValue(callee), 'calls');
    }
    if (!(args instanceof PickleTuple)) {
      throw this.damaged(`calls ${callee.name} with ${kindOfValue(args)} for arguments`);
    }
    return callee.call(args.items);
  }

  /** Attributes of a state dict (torch sets `_metadata`) are of no use here; on anything else they are refused. */
  private build(): void {
    const state = this.pop();
    const target = this.top();
    if (!(target instanceof PickleDict)) {
      throw this.refused(kindOfValue(target), 'sets the state of');
    }
    if (!(state instanceof PickleDict)) {
      throw this.damaged(`sets the state of a dict to ${kindOfValue(state)}`);
    }
  }

  private setItems(dict: PickleDict, items: readonly PickleValue[]): void {
    if (items.length % 2 !== 0) {
      throw this.damaged('has a dict key without a value');
    }
    for (let i = 0; i < items.length; i += 2) {
      dict.entries.set(items[i], items[i + 1]);
    }
  }

  private list(): PickleValue[] {
    const list = this.top();
    if (!Array.isArray(list)) {
      throw this.damaged(`appends to ${kindOfValue(list)}`);
    }
    return list;
  }

  private dict(): PickleDict {
    const dict = this.top();
    if (!(dict instanceof PickleDict)) {
      throw this.damaged(`sets items of ${kindOfValue(dict)}`);
    }
    return dict;
  }

  private count(): void {
    this.objects += 1;
    if (this.objects > mostObjects) {
      throw new InputError(`${this.file}: its pickle makes over ${mostObjects} objects and is refused; ${wayOut}.`);
    }
  }

  private pushObject(value: PickleValue): void {
    this.count();
    this.stack.push(value);
  }

  private pushTuple(length: number): void {
    const items: PickleValue[] = [];
    for (let i = 0; i < length; i++) {
      items.push(this.pop());
    }
    this.pushObject(new PickleTuple(items.reverse()));
  }

  private pushBytes(length: number): void {
    const start = this.take(length);
    this.pushObject(this.bytes.slice(start, start + length));
  }

  private top(): PickleValue {
    const value = this.stack.at(-1);
    if (value === undefined) {
      throw this.damaged('takes from an empty stack');
    }
    return value;
  }

  private pop(): PickleValue {
    const value = this.stack.pop();
    if (value === undefined) {
      throw this.damaged('takes from an empty stack');
    }
    return value;
  }

  private popMark(): PickleValue[] {
    const items = this.stack;
    const below = this.marks.pop();
    if (below === undefined) {
      throw this.damaged('takes a mark that was never set');
    }
    this.stack = below;
    return items;
  }

  private get(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) {
      throw this.damaged(`takes memo ${index}, which was never set`);
    }
    this.stack.push(value);
  }

  private put(index: number): void {
    this.count();
    this.memo.set(index, this.top());
  }

  /** Moves past `length` bytes and returns where they begin. */
  private take(length: number): number {
    const start = this.position;
    if (!(length >= 0 && length <= this.limit - start)) {
      if (length >= 0 && length <= this.bytes.length - start) {
        throw new InputError(`${this.file}: its pickle is over ${longestPickle} bytes and is refused; ${wayOut}.`);
      }
      throw this.damaged(`ends early (${length} bytes wanted at byte ${start}, ${this.bytes.length - start} left)`);
    }
    this.position = start + length;
    return start;
  }

  private byte(): number {
    return this.bytes[this.take(1)];
  }

  private int32(): number {
    return this.view.getInt32(this.take(4), true);
  }

  private uint32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  private length64(): number {
    // Beyond 2^53 the number is rounded, but it is then beyond any file too.
    return Number(this.view.getBigUint64(this.take(8), true));
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.position);
    if (end < 0) {
      throw this.damaged('ends within a line');
    }
    const text = this.utf8(end - this.position);
    this.position = end + 1;
    return text;
  }

  private utf8(length: number): string {
    const start = this.take(length);
    try {
      return utf8Decoder.decode(this.bytes.subarray(start, start + length));
    } catch {
      throw this.damaged(`has a string that is not UTF-8 (byte ${start})`);
    }
  }

  private latin1(length: number): string {
    const start = this.take(length);
    return latin1(this.bytes.subarray(start, start + length));
  }

  private decimal(): number {
    const text = this.line();
    if (!/^\d{1,10}$/.test(text)) {
      throw this.damaged(`has the memo index ${quoteName(text)}`);
    }
    return Number(text);
  }

  private textInteger(): number | bigint | boolean {
    const text = this.line();
    if (text === '00' || text === '01') {
      return text === '01';
    }
    const digits = /^[+-]?\d{1,80}(?=L?$)/.exec(text)?.[0];
    if (digits === undefined) {
      throw this.damaged(`has the integer ${quoteName(text)}`);
    }
    return narrow(BigInt(digits.replace('+', '')));
  }

  private textFloat(): number {
    const text = this.line();
    const value = Number(text.replace(/^([+-]?)inf$/, '$1Infinity'));
    if (text.trim() === '' || (Number.isNaN(value) && text !== 'nan')) {
      throw this.damaged(`has the number ${quoteName(text)}`);
    }
    return value;
  }

  private binaryInteger(length: number): number | bigint {
    if (length < 0 || length > longestInteger) {
      throw this.damaged(`has an integer of ${length} bytes, more than ${longestInteger}`);
    }
    const start = this.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) {
      value = (value << 8n) | BigInt(this.bytes[start + i]);
    }
    return narrow(length === 0 ? 0n : BigInt.asIntN(length * 8, value));
  }
}

function narrow(value: bigint): number | bigint {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

function latin1(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += 4096) {
    parts.push(String.fromCharCode(...bytes.subarray(i, i + 4096)));
  }
  return parts.join('');
}

/** The string of a Python 2 repr, `'…'` or `"…"`; only protocol 0 has these. */
function unescapeRepr(text: string): string {
  const inner = /^(['"])(.*)\1$/.exec(text)?.[2] ?? text;
  return inner.replace(/\\(x[0-9a-fA-F]{2}|.)/g, (_, escape: string) => {
    if (escape.length === 3) {
      return String.fromCharCode(parseInt(escape.slice(1), 16));
    }
    return { n: '\n', r: '\r', t: '\t' }[escape] ?? escape;
  });
}
