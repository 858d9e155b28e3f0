import { expect, it } from 'vitest';
import { textTable } from '../src/text_table';

it('aligns the first column to the left and the others to the right', () => {
  const rows = [
    ['wide name', '1'],
    ['b', '12345678'],
  ];
  expect(textTable(['class', 'objects'], rows)).toEqual([
    'class       objects',
    'wide name         1',
    'b          12345678',
  ]);
  expect(textTable(['class', 'objects'], [])).toEqual(['class  objects']);
});

it('aligns the first few columns to the left where asked', () => {
  expect(textTable(['op', 'layer', 'ms'], [['a', 'b', '1.00']], 2)).toEqual(['op  layer    ms', 'a   b      1.00']);
});
