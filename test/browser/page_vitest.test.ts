import { expect, test } from 'vitest';
import * as page from './page/vitest';

test('tests in the page fail where they should, under their names', async () => {
  let prepared = 0;
  page.beforeAll(async () => {
    await Promise.resolve();
    prepared++;
  });
  page.afterAll(() => {
    throw new Error(`${prepared} prepared, at the end`);
  });
  page.test('prepared', () => page.expect(prepared).toBe(1));
  page.describe.each([{ device: 'a' }])('on $device', () => {
    page.test('one', () => page.expect(1, 'the sum').toBe(2));
    page.test.each([
      [1, 2],
      [2, 2],
    ])('%i and %i', (a, b) => page.expect([a, { b }]).toEqual([2, { b }]));
  });
  page.test('later', async () => {
    await page.expect(Promise.reject(new Error('no'))).rejects.toThrow('yes');
  });
  page.test('throws', () => page.expect(() => undefined).toThrow());
  page.test('fails', () => page.expect.fail('at once'));
  page.describe('unprepared', () => {
    page.beforeAll(() => {
      throw new Error('no device');
    });
    page.test.each([{ rate: 1 }])('%o', () => page.expect(prepared).toBe(1));
  });
  page.describe('of a group', async () => {
    page.afterAll(() => (prepared = 3));
    page.afterAll(() => {
      throw new Error(`${prepared} prepared, first`);
    });
    await Promise.resolve();
    page.describe('inner', () => page.test('before its end', () => page.expect(prepared).toBe(1)));
  });
  page.test('after a group', () => page.expect(prepared).toBe(3));
  page.describe.skipIf(true)('skipped', () => page.test('never', () => page.expect(1).toBe(2)));
  page.describe.skipIf(false)('kept', () => page.test('passes', () => page.expect(1).toBe(1)));
  const results: unknown[] = [];
  await page.runRegistered(({ name, error }) => results.push([name, error]));
  expect(results).toEqual([
    ['prepared', undefined],
    ['on a > one', expect.stringContaining('the sum: expected 1 to be 2')],
    ['on a > 1 and 2', expect.stringContaining('to deeply equal')],
    ['on a > 2 and 2', undefined],
    ['later', expect.stringContaining("throw error including 'yes' but got 'no'")],
    ['throws', expect.stringContaining('to throw')],
    ['fails', expect.stringContaining('at once')],
    ['unprepared > beforeAll', 'Error: no device'],
    ['unprepared > {"rate":1}', undefined],
    ['of a group > inner > before its end', undefined],
    ['of a group > afterAll', 'Error: 1 prepared, first'],
    ['after a group', undefined],
    ['kept > passes', undefined],
    ['afterAll', 'Error: 3 prepared, at the end'],
  ]);
});
