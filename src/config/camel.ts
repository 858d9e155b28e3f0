type Camel<Name> = Name extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Name;

/** The same value with keys in camel case, in lists too. */
export type CamelKeys<T> = T extends readonly unknown[]
  ? { [Index in keyof T]: CamelKeys<T[Index]> }
  : T extends object
    ? { [Key in keyof T as Camel<Key & string>]: CamelKeys<T[Key]> }
    : T;

/** `{ pool_size: 7 }` as the program has it, `{ poolSize: 7 }`. */
export function camelKeys<T>(value: T): CamelKeys<T> {
  const camel = (key: string): string => key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const convert = (inner: unknown): unknown => {
    if (Array.isArray(inner)) {
      return inner.map(convert);
    }
    if (typeof inner !== 'object' || inner === null) {
      return inner;
    }
    return Object.fromEntries(Object.entries(inner).map(([key, item]) => [camel(key), convert(item)]));
  };
  return convert(value) as CamelKeys<T>;
}
