import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSafetensors } from '../../src/io/safetensors';

export interface FixtureTensor {
  readonly shape: number[];
  readonly data: Float32Array | Int32Array | Uint32Array;
}

/** One reference case: tensors by role in PyTorch's layout, and the attributes that generate.py wrote. */
export interface FixtureCase<A> {
  readonly name: string;
  readonly attributes: A;
  readonly inputs: Readonly<Record<string, FixtureTensor>>;
  readonly outputs: Readonly<Record<string, FixtureTensor>>;
}

/** Reads test/reference/fixtures/OP.safetensors. */
export function fixtures<A>(op: string): FixtureCase<A>[] {
  const file = fileURLToPath(new URL(`../reference/fixtures/${op}.safetensors`, import.meta.url));
  const checkpoint = parseSafetensors(readFileSync(file), file);
  return Object.entries(checkpoint.metadata).map(([name, text]) => {
    const role = (kind: string): Record<string, FixtureTensor> => {
      const prefix = `${name}/${kind}/`;
      const found: Record<string, FixtureTensor> = {};
      for (const [key, { shape, data }] of checkpoint.tensors) {
        if (key.startsWith(prefix)) {
          const numbers = data instanceof Float32Array ? data : Int32Array.from(data as ArrayLike<number>, Number);
          found[key.slice(prefix.length)] = { shape, data: numbers };
        }
      }
      return found;
    };
    return { name, attributes: JSON.parse(text) as A, inputs: role('in'), outputs: role('out') };
  });
}
