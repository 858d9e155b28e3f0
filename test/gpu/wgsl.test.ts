import { describe, expect, test } from 'vitest';
import { expandWgsl } from '../../src/gpu/wgsl';

const lines = (...text: string[]): string => text.join('\n');

describe('expressions', () => {
  test.each<[string, string]>([
    ['1 + 2 * 3', '7'],
    ['(1 + 2) * 3', '9'],
    ['10 - 2 - 3', '5'],
    ['7 / 2', '3'],
    ['7 % 4', '3'],
    ['-3 + 5', '2'],
    ['2 - -3', '5'],
    ['N * 4', '24'],
    ['N == 6', '1'],
    ['N != 6', '0'],
    ['N < 6', '0'],
    ['N <= 6', '1'],
    ['N > 5', '1'],
    ['N >= 7', '0'],
    ['1 < 2 == 1', '1'],
    ['0 || N', '1'],
    ['1 && 0 || 1', '1'],
    ['!N', '0'],
    ['!0 && YES', '1'],
    ['NO ? 1 : 2', '2'],
    ['N > 9 ? 1 : N > 5 ? 2 : 3', '2'],
    ["KIND == 'relu'", '1'],
    ["KIND != 'relu'", '0'],
    ["KIND == 'relu' ? 'max' : 'exp'", 'max'],
    ['KIND', 'relu'],
    ['xyzw(2)', 'z'],
    ['min(4, N, 2)', '2'],
    ['max(N, 2 + 5)', '7'],
    ['ceilDiv(N, 4)', '2'],
    ['YES', '1'],
    [' N ', '6'],
  ])('%s is %s', (text, value) => {
    expect(expandWgsl(`a\${${text}}b`, { N: 6, KIND: 'relu', YES: true, NO: false })).toBe(`a${value}b`);
  });

  test('several on a line, and text without any', () => {
    expect(expandWgsl('let v${I} = x[${I + 1}u]; // $I {I}', { I: 3 })).toBe('let v3 = x[4u]; // $I {I}');
  });
});

describe('conditions', () => {
  const source = lines(
    '//#if N == 1',
    'one',
    '//#elif N == 2',
    'two',
    '//#elif N == 3',
    'three',
    '//#else',
    'many',
    '//#end',
    'last',
  );

  test.each([
    [1, 'one'],
    [2, 'two'],
    [3, 'three'],
    [4, 'many'],
  ])('N = %i', (n, word) => {
    expect(expandWgsl(source, { N: n })).toBe(lines(word, 'last'));
  });

  test('without else nothing is left', () => {
    expect(expandWgsl(lines('//#if 0', 'one', '//#end'), {})).toBe('');
  });

  test('what is dropped is not evaluated', () => {
    const nested = lines(
      '//#if 0',
      '//#if UNKNOWN',
      '${ALSO_UNKNOWN}',
      '//#end',
      '//#elif 1',
      'kept',
      '//#elif UNKNOWN',
      '//#end',
    );
    expect(expandWgsl(nested, {})).toBe('kept');
  });

  test('nested, with branches of their own', () => {
    const nested = lines(
      '//#if A',
      '  //#if B',
      'both',
      '  //#else',
      'first',
      '  //#end',
      '//#else',
      '  //#if B',
      'second',
      '  //#end',
      '//#end',
    );
    expect(expandWgsl(nested, { A: true, B: true })).toBe('both');
    expect(expandWgsl(nested, { A: true, B: false })).toBe('first');
    expect(expandWgsl(nested, { A: false, B: true })).toBe('second');
    expect(expandWgsl(nested, { A: false, B: false })).toBe('');
  });
});

describe('loops', () => {
  test('from first to before last', () => {
    expect(expandWgsl(lines('//#for I 1 4', '${I}', '//#end'), {})).toBe(lines('1', '2', '3'));
  });

  test('bounds are expressions, also with spaces', () => {
    expect(expandWgsl(lines('//#for I N-1 N * 2', '${I}', '//#end'), { N: 2 })).toBe(lines('1', '2', '3'));
  });

  test('empty ones leave nothing', () => {
    expect(expandWgsl(lines('a', '//#for I 3 3', '${I}', '//#end', 'b'), {})).toBe(lines('a', 'b'));
  });

  test('nested, with conditions inside', () => {
    const source = lines(
      '//#for I 0 2',
      '//#for J 0 I + 1',
      '//#if I == J',
      'd${I}',
      '//#else',
      '${I}${J}',
      '//#end',
      '//#end',
      '//#end',
    );
    expect(expandWgsl(source, {})).toBe(lines('d0', '10', 'd1'));
  });

  test('a name ends with its loop', () => {
    expect(() => expandWgsl(lines('//#for I 0 1', '//#end', '${I}'), {})).toThrow('"I" is not defined');
  });
});

describe('errors', () => {
  test.each([
    ['an unknown name', '${N + 1}', '"N" is not defined, in "N + 1"'],
    ['an unknown function', '${log(2)}', 'no function "log"'],
    ['an unreadable character', '${1 @ 2}', 'cannot read "1 @ 2"'],
    ['a missing parenthesis', '${(1 + 2}', '")" missing in "(1 + 2"'],
    ['a missing colon', '${1 ? 2}', '":" missing'],
    ['an early end', '${1 +}', '"1 +" ends early'],
    ['too many operands', '${1 2}', 'unexpected "2"'],
    ['arithmetic on text', "${'a' + 1}", '"+" needs numbers'],
    ['an if without end', '//#if 1\nx', 'no //#end for "//#if 1"'],
    ['a for without end', '//#for I 0 2', 'no //#end for "//#for I 0 2"'],
    ['an end without a beginning', 'x\n//#end', 'unexpected "//#end"'],
    ['an else without an if', '//#else', 'unexpected "//#else"'],
    ['an unknown directive', '//#define N 1', 'unexpected "//#define N 1"'],
  ])('%s', (_, source, message) => {
    expect(() => expandWgsl(source, {})).toThrow(message);
  });
});
