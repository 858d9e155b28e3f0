import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { histogram, lineChart } from '../../src/report/chart';

interface Svg {
  readonly texts: string[];
  readonly paths: string[];
  readonly circles: { readonly '@cx': number; readonly '@cy': number; readonly '@r': number }[];
  readonly label: string;
}

const LISTS = new Set(['text', 'path', 'circle', 'line']);
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseAttributeValue: true,
  parseTagValue: false,
  isArray: (name) => LISTS.has(name),
});

/** What a chart holds, after it was checked to be XML without NaN or undefined in it. */
function parse(svg: string): Svg {
  expect(XMLValidator.validate(svg)).toBe(true);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  const root = (parser.parse(svg) as { svg: Record<string, unknown> }).svg;
  expect(root['@viewBox']).toBe('0 0 640 400');
  return {
    texts: ((root.text ?? []) as (string | { '#text': string })[]).map((one) =>
      typeof one === 'string' ? one : one['#text'],
    ),
    paths: ((root.path ?? []) as { '@d': string }[]).map((path) => path['@d']),
    circles: (root.circle ?? []) as Svg['circles'],
    label: String(root['@aria-label']),
  };
}

/** The steps of a histogram: height in pixels of each bin, with the edges in pixels. */
function steps(path: string): { edges: number[]; tops: number[]; bottom: number } {
  const [left, bottom] = /^M(\S+) (\S+?)V/.exec(path)!.slice(1).map(Number);
  const found = [...path.matchAll(/V([\d.]+)H([\d.]+)/g)].map(([, v, h]) => [Number(v), Number(h)]);
  return { edges: [left, ...found.map(([, h]) => h)], tops: found.map(([v]) => v), bottom };
}

describe('lineChart', () => {
  const axes = { x: { label: 'threshold' }, y: { label: 'share' } };

  test('title, labels with units, ticks at round numbers, a legend for several series', () => {
    const svg = parse(
      lineChart({
        title: 'Score by threshold',
        x: { label: 'threshold' },
        y: { label: 'share (%)' },
        series: [
          { name: 'precision', points: [[0, 20], [1, 95]] }, // prettier-ignore
          { name: 'recall', points: [[0, 90], [1, 10]] }, // prettier-ignore
        ],
      }),
    );
    expect(svg.label).toBe('Score by threshold');
    expect(svg.texts).toEqual(expect.arrayContaining(['Score by threshold', 'threshold', 'share (%)']));
    expect(svg.texts).toEqual(expect.arrayContaining(['precision', 'recall']));
    expect(svg.texts).toEqual(expect.arrayContaining(['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']));
    expect(svg.texts).toEqual(expect.arrayContaining(['0', '20', '40', '60', '80', '100']));
    expect(svg.paths).toHaveLength(2);
  });

  test('one series needs no legend, and its points lie where the axes say', () => {
    const svg = parse(lineChart({ title: '', ...axes, series: [{ name: 'alone', points: [[0, 0], [5, 5], [10, 10]] }] })); // prettier-ignore
    expect(svg.texts).not.toContain('alone');
    const [first, middle, last] = svg.paths[0]
      .slice(1)
      .split('L')
      .map((point) => point.split(' ').map(Number));
    expect(middle[0]).toBeCloseTo((first[0] + last[0]) / 2, 1);
    expect(middle[1]).toBeCloseTo((first[1] + last[1]) / 2, 1);
    expect(last[0]).toBeGreaterThan(first[0]);
    expect(last[1]).toBeLessThan(first[1]); // larger values are higher up
  });

  test('one point is a dot; a gap at what is not finite', () => {
    const one = parse(lineChart({ title: 't', ...axes, series: [{ name: 'a', points: [[3, 4]] }] }));
    expect(one.circles).toHaveLength(1);
    expect(one.paths).toHaveLength(0);
    const gap = lineChart({ title: 't', ...axes, series: [{ name: 'a', points: [[0, 1], [1, 2], [2, NaN], [3, 1], [4, 2], [5, Infinity], [6, 1]] }] }); // prettier-ignore
    expect(parse(gap).paths).toHaveLength(2);
    expect(parse(gap).circles).toHaveLength(1);
  });

  test.each([
    ['no series', []],
    ['an empty series', [{ name: 'a', points: [] }]],
  ])('%s: axes and "no data"', (_, series) => {
    expect(parse(lineChart({ title: 't', ...axes, series })).texts).toEqual(expect.arrayContaining(['no data', '0.0', '1.0'])); // prettier-ignore
  });

  test.each([0, 1, -3, 1e-12, 1e12])('all values %d', (value) => {
    const svg = parse(lineChart({ title: 't', ...axes, series: [{ name: 'a', points: [[value, value], [value, value]] }] })); // prettier-ignore
    expect(svg.circles).toHaveLength(1);
    expect(svg.circles[0]['@cx']).toBeGreaterThanOrEqual(68);
    expect(svg.circles[0]['@cx']).toBeLessThan(618);
  });

  test('nothing but zeros lie at the foot of 0 to 1', () => {
    const points = [[0.1, 0], [0.9, 0]] as const; // prettier-ignore
    const { texts, paths } = parse(lineChart({ title: 't', ...axes, series: [{ name: 'a', points }] }));
    expect(texts).toEqual(expect.arrayContaining(['0.0', '1.0']));
    expect(texts.filter((text) => /^[-−]/.test(text))).toEqual([]);
    const places = paths[0].slice(1).split('L').map((point) => Number(point.split(' ')[1])); // prettier-ignore
    expect(places).toEqual([348, 348]); // the bottom of the plot: 400 less its margin of 52
  });

  test('very large and very small numbers have short ticks', () => {
    const ticks = (high: number): string[] => {
      return parse(lineChart({ title: 't', ...axes, series: [{ name: 'a', points: [[0, 0], [high, high]] }] })).texts; // prettier-ignore
    };
    expect(ticks(1e9)).toEqual(expect.arrayContaining(['0', '2e8', '1e9']));
    expect(ticks(1e-9)).toEqual(expect.arrayContaining(['0', '2e-10', '1e-9']));
    expect(ticks(100_000)).toContain('100,000');
  });

  test('names are escaped, and characters that XML forbids are replaced', () => {
    const hostile = `<script>"a" & 'b'</script>\u0000\u001b\ud800`;
    const svg = lineChart({
      title: hostile,
      x: { label: hostile },
      y: { label: '<y>' },
      series: [
        { name: '<&>', points: [[0, 1], [1, 2]] }, // prettier-ignore
        { name: `]]>'"`, points: [[0, 1], [1, 3]] }, // prettier-ignore
      ],
      mark: { x: 1, y: 2, label: '</text><b>' },
    });
    expect(svg).not.toContain('<script');
    expect(svg).not.toContain('<b>');
    expect(parse(svg).texts).toEqual(expect.arrayContaining(['<&>', `]]>'"`, '</text><b>'])); // prettier-ignore
    expect(svg).toContain('\ufffd\ufffd\ufffd');
  });

  test('a mark lies on its point and stays within the picture on either side', () => {
    for (const x of [0, 10]) {
      const points = [[0, 0], [10, 10]] as const; // prettier-ignore
      const svg = lineChart({ title: 't', ...axes, series: [{ name: 'a', points }], mark: { x, y: x, label: 'best' } });
      expect(parse(svg).texts).toContain('best');
      expect(svg).toMatch(x === 0 ? /text-anchor="start"[^>]*>best/ : /text-anchor="end"[^>]*>best/);
      const [dot] = parse(svg).circles;
      const [cx, cy] = parse(svg).paths[0].slice(1).split('L')[x === 0 ? 0 : 1].split(' ').map(Number); // prettier-ignore
      expect([dot['@cx'], dot['@cy']]).toEqual([cx, cy]);
    }
  });

  test('points that fall on one place are written once', () => {
    const points = Array.from({ length: 20_000 }, (_, i) => [1 + (i % 2) * 1e-7, 1 + i * 1e-12] as const);
    expect(lineChart({ title: 't', ...axes, series: [{ name: 'a', points: [[0, 0], ...points] }] }).length).toBeLessThan(10_000); // prettier-ignore
  });
});

test('lineChart: on a logarithmic axis decades are equally wide, and points at 0 and below leave a gap', () => {
  const points = [[1, 0], [10, 1], [100, 2], [0, 5], [-3, 5], [1000, 3]] as const; // prettier-ignore
  const svg = parse(lineChart({ title: 'l', x: { label: 'x', log: true }, y: { label: 'y' }, series: [{ name: 'a', points }] })); // prettier-ignore
  const places = [...svg.paths[0].matchAll(/[ML]([\d.]+) /g)].map((match) => Number(match[1]));
  expect(places).toHaveLength(3);
  expect(places[2] - places[1]).toBeCloseTo(places[1] - places[0], 1);
  expect(svg.circles).toHaveLength(1);
  expect(svg.circles[0]['@cx'] - places[2]).toBeCloseTo(places[1] - places[0], 1);
  expect(svg.texts).toEqual(expect.arrayContaining(['1', '10', '100', '1000']));
});

describe('histogram', () => {
  test('counts per bin: known values in known bins', () => {
    const values = [0, 1, 1.5, 2, 2, 2, 4.5, 5];
    const svg = parse(histogram({ title: 'h', x: { label: 'd (px)' }, y: { label: 'objects' }, series: [{ name: 'a', values }], bins: 5 })); // prettier-ignore
    const { edges, tops, bottom } = steps(svg.paths[0]);
    expect(edges).toHaveLength(6); // 0, 1, 2, 3, 4, 5
    // a bin holds its left edge; the last holds both
    const counts = [1, 2, 3, 0, 2];
    const unit = (bottom - tops[2]) / 3;
    expect(tops.map((top) => Math.round((bottom - top) / unit))).toEqual(counts);
    expect(svg.texts).toEqual(expect.arrayContaining(['0', '1', '2', '3', 'd (px)', 'objects']));
    expect(svg.texts).not.toContain('0.5'); // there is no half an object
  });

  test('weights count in place of values; shares make series of different sizes equal', () => {
    const weighted = { name: 'a', values: [0, 1, 2], weights: [1, 8, 3] };
    const heights = (share: boolean) => {
      const svg = parse(histogram({ title: 'h', x: { label: 'x' }, y: { label: 'y' }, series: [weighted, { name: 'b', values: [0, 0, 2, 2] }], bins: 2, share })); // prettier-ignore
      const [a, b] = svg.paths.map(steps).map(({ tops, bottom }) => tops.map((top) => bottom - top));
      return { a, b };
    };
    const plain = heights(false);
    expect(plain.a[1] / plain.a[0]).toBeCloseTo(11, 1);
    expect(plain.b[0] / plain.a[0]).toBeCloseTo(2, 1);
    const shares = heights(true);
    // 1 and 11 of 12; 2 and 2 of 4
    expect(shares.a[1] / shares.b[1]).toBeCloseTo(11 / 12 / 0.5, 1);
    expect(shares.b[0]).toBe(shares.b[1]);
  });

  test('on a logarithmic axis bins and decades are equally wide; 0 and below is left out', () => {
    const values = [0.1, 1, 10, 100, 1000, 0, -5, NaN];
    const svg = parse(histogram({ title: 'h', x: { label: 'a (µm²)', log: true }, y: { label: 'n' }, series: [{ name: 'a', values }], bins: 4 })); // prettier-ignore
    expect(svg.texts).toEqual(expect.arrayContaining(['0.1', '1', '10', '100', '1000']));
    const { edges, tops, bottom } = steps(svg.paths[0]);
    const widths = edges.slice(1).map((edge, i) => edge - edges[i]);
    widths.forEach((width) => expect(width).toBeCloseTo(widths[0], 0));
    const heights = tops.map((top) => bottom - top);
    expect(heights.reduce((sum, height) => sum + height) / Math.min(...heights)).toBeCloseTo(5, 2);
  });

  test.each([
    ['no series', [], false],
    ['no values', [{ name: 'a', values: [] }], false],
    ['none above 0 on a logarithmic axis', [{ name: 'a', values: [0, -1] }], true],
  ])('%s: "no data"', (_, series, log) => {
    const svg = parse(histogram({ title: 'h', x: { label: 'x', log }, y: { label: 'y' }, series }));
    expect(svg.texts).toContain('no data');
    expect(svg.paths).toHaveLength(0);
  });

  test.each([
    [7, false],
    [0, false],
    [-2, false],
    [7, true],
    [1e-9, true],
  ])('all values %d (log: %s) are in one bin', (value, log) => {
    const svg = parse(histogram({ title: 'h', x: { label: 'x', log }, y: { label: 'y' }, series: [{ name: 'a', values: Array<number>(9).fill(value) }] })); // prettier-ignore
    const { tops, bottom } = steps(svg.paths[0]);
    expect(tops.filter((top) => top < bottom)).toHaveLength(1);
  });

  test('many values, two series: the same edges, a legend, a sensible number of bins', () => {
    const values = (shift: number): number[] =>
      Array.from({ length: 5000 }, (_, i) => ((i * 7919) % 5000) / 50 + shift);
    const svg = parse(histogram({ title: 'h', x: { label: 'x' }, y: { label: 'y' }, series: [{ name: 'before', values: values(0) }, { name: 'after', values: values(20) }] })); // prettier-ignore
    const [before, after] = svg.paths.map(steps);
    expect(before.edges).toEqual(after.edges);
    expect(before.tops.length).toBeGreaterThanOrEqual(5);
    expect(before.tops.length).toBeLessThanOrEqual(60);
    expect(svg.texts).toEqual(expect.arrayContaining(['before', 'after']));
  });
});
