import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { timeBatches } from '../../src/graph/time_batches';
import { figuresOf, meanBandwidth, rowOf, type CaseFigures, type PhaseFigures } from '../../src/bench/kernels/figures';
import { higherCeilings, type Ceilings } from '../../src/bench/kernels/probes';
import { kernelReportAsJson, kernelReportAsText, type KernelReport } from '../../src/bench/kernels/report';
import { roofline } from '../../src/bench/kernels/roofline';
import type { CaseWork } from '../../src/bench/kernels/time_case';
import { Graph, type Node } from '../../src/graph/graph';
import { conv2d, type Conv2dAttributes } from '../../src/kernels/conv2d';
import { unary } from '../../src/kernels/elementwise';
import { featureMap } from '../../src/kernels/tensor';

const CEILINGS: Ceilings = { gflops: 100, kernelCopy: 8, bufferCopy: 10, hostCopy: 20 };
const SCENE = { source: { height: 8, width: 8 }, resized: { height: 8, width: 8 } };

function nodes(): Node[] {
  const graph = new Graph();
  const x = graph.input('x', featureMap([1, 8, 8, 4]));
  const attributes: Conv2dAttributes = {
    stride: [2, 2],
    padding: [1, 1],
    dilation: [1, 1],
    groups: 1,
    activation: 'none',
  };
  const y = graph.apply1(conv2d, [x, graph.parameter('w', [4, 4, 3, 3]), null, null], attributes);
  graph.apply1(unary, [y], { function: 'relu' });
  return graph.nodes;
}

/** Figures of the node: times in milliseconds, work in millions. */
function figures(node: Node, flops: number, bytes: number, milliseconds: readonly number[]): CaseFigures {
  const work: CaseWork = { kernels: ['first kernel', 'second'], dispatches: 2, flops: flops * 1e6, bytes: bytes * 1e6 };
  return figuresOf({ node, scene: SCENE }, work, { repeats: 10, milliseconds }, CEILINGS);
}

function report(): KernelReport {
  const [conv, relu] = nodes();
  const phase = (name: PhaseFigures['phase'], rows: PhaseFigures['rows']): PhaseFigures => ({
    model: 'r50',
    title: 'a model',
    phase: name,
    rows,
  });
  const slow = rowOf(
    { case: { node: conv, scene: SCENE }, layers: ['layer1.conv1', 'layer1.conv2'] },
    figures(conv, 400, 20, [9, 8, 10]),
  );
  const fast = rowOf({ case: { node: relu, scene: SCENE }, layers: ['relu'] }, figures(relu, 0, 2, [0.25]));
  return {
    engine: '1',
    node: '20',
    processor: 'a processor',
    cores: 2,
    load: 0,
    adapter: { name: 'an adapter', driver: 'a driver', software: true },
    ceilings: CEILINGS,
    phases: [phase('inference', [slow, fast]), phase('training, forward', [])],
    leftOut: [{ op: 'topK', layer: 'rpn', reason: 'too large' }],
  };
}

describe('batches', () => {
  /** A graph that takes the given times, then the last of them; it notes the repeats that it is asked for. */
  function scripted(times: number[], asked: number[]): { time: (repeats: number) => Promise<number> } {
    return {
      time: async (repeats) => {
        asked.push(repeats);
        return times.length > 1 ? times.shift()! : times[0];
      },
    };
  }

  it('leave the first dispatch out and take at least 20 ms each', async () => {
    const asked: number[] = [];
    const { repeats, milliseconds } = await timeBatches(scripted([900, 3, 2, 4, 3.5], asked), 3);
    expect(asked).toEqual([1, 1, 7, 7, 7]);
    expect({ repeats, milliseconds }).toEqual({ repeats: 7, milliseconds: [2, 4, 3.5] });
  });

  it('are three at most of what takes long', async () => {
    const asked: number[] = [];
    const { repeats, milliseconds } = await timeBatches(scripted([900, 400, 410, 420], asked), 10);
    expect(asked).toEqual([1, 1, 1, 1]);
    expect({ repeats, milliseconds }).toEqual({ repeats: 1, milliseconds: [400, 410, 420] });
  });

  it('are none of what takes longer than a limit', async () => {
    const asked: number[] = [];
    const { repeats, milliseconds } = await timeBatches(scripted([900, 3, 1], asked), 3, 2.5);
    expect(asked).toEqual([1, 1]);
    expect({ repeats, milliseconds }).toEqual({ repeats: 1, milliseconds: [3] });
  });

  it('have no endless list of commands', async () => {
    const asked: number[] = [];
    await timeBatches(scripted([1, 0], asked), 1);
    expect(Math.max(...asked)).toBe(2000);
  });
});

describe('figures', () => {
  it('are rates by the median, and the share of the nearer ceiling', () => {
    const [conv, relu] = nodes();
    // 400 MFLOP take 4 ms at least, 20 MB 2 ms
    expect(figures(conv, 400, 20, [9, 8, 10])).toMatchObject({
      op: 'conv2d',
      kind: 'convolution',
      inputs: [[1, 8, 8, 4], [4, 4, 3, 3], null, null],
      outputs: [[1, 4, 4, 4]],
      medianMs: 9,
      minMs: 8,
      maxMs: 10,
      gflops: expect.closeTo(400 / 9) as number,
      gigabytesPerSecond: expect.closeTo(20 / 9) as number,
      ceilingShare: expect.closeTo(4 / 9) as number,
    });
    expect(figures(conv, 400, 60, [9])).toMatchObject({ ceilingShare: expect.closeTo(6 / 9) as number });
    expect(figures(relu, 0, 2, [0.25])).toMatchObject({ gflops: null, ceilingShare: expect.closeTo(0.8) as number });
  });

  it('are held against the higher ones of two measurements of the ceilings', () => {
    const other: Ceilings = { gflops: 90, kernelCopy: 9, bufferCopy: 11, hostCopy: 2 };
    const higher = { gflops: 100, kernelCopy: 9, bufferCopy: 11, hostCopy: 20 };
    expect([higherCeilings(CEILINGS, other), higherCeilings(other, CEILINGS)]).toEqual([higher, higher]);
  });

  it('of a kind weigh by how often the models meet each', () => {
    const [conv, relu] = nodes();
    const rows = [
      rowOf({ case: { node: relu, scene: SCENE }, layers: ['a', 'b', 'c'] }, figures(relu, 0, 2, [1])),
      rowOf({ case: { node: relu, scene: SCENE }, layers: ['d'] }, figures(relu, 0, 6, [1])),
      rowOf({ case: { node: conv, scene: SCENE }, layers: ['e'] }, figures(conv, 1, 6, [100])),
    ];
    const phases: PhaseFigures[] = [{ model: 'r50', title: '', phase: 'inference', rows }];
    expect(meanBandwidth(phases, 'element-wise and copies')).toBeCloseTo(3);
    expect(meanBandwidth(phases, 'linear')).toBeNull();
  });
});

describe('report', () => {
  it('shows what takes the time, and says how much the rest takes', () => {
    const lines = kernelReportAsText(report(), false).split('\n');
    expect(lines.slice(0, 4)).toEqual([
      'adapter    an adapter, software (runs on the CPU)',
      'driver     a driver',
      'processor  a processor, 2 cores, load 0.0',
      'ceilings   100.0 GFLOP/s of fused multiply-adds; copies, bytes read and written: 8.0 GB/s by a kernel, ' +
        '10.0 GB/s by copyBufferToBuffer, 20.0 GB/s by the processor',
    ]);
    expect(lines.slice(5, 9)).toEqual(
      [
        'a model, inference: 18.25 ms in 3 ops, 2 of them different',
        'op      layer             shape               kernels                  ms  spread          rate  of ceiling  of time',
        'conv2d  layer1.conv1 x 2  8x8x4 > 4x4x4 3x3 / 2  first kernel + second  9.00    22 %  44.4 GFLOP/s        44 %   98.6 %',
        '… and 1 more with 1.4 % of the time',
      ].map(
        (line) =>
          expect.stringMatching(new RegExp(`^${line.replace(/[.+]/g, '\\$&').replace(/ {2,}/g, ' +')}$`)) as string,
      ),
    );
    expect(lines.slice(-2)).toEqual([
      "element-wise and copies: 8.0 GB/s on average, 80 % of the device's copy, 40 % of the processor's",
      'left out: topK rpn: too large',
    ]);
    expect(lines.join('\n')).not.toContain('training');
    expect(kernelReportAsText(report(), true)).toMatch(
      /^unary +relu +4x4x4 > 4x4x4 .* 0\.250 +0 % +8\.0 GB\/s +80 % +1\.4 %$/m,
    );
  });

  it('is whole as JSON', () => {
    expect(JSON.parse(kernelReportAsJson(report()))).toEqual(report());
  });
});

describe('roofline', () => {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseAttributeValue: true,
    isArray: (name) => name === 'circle',
  });

  it('has a point for each case and the two ceilings, which meet at the ridge', () => {
    const [conv, relu] = nodes();
    const cases = [
      figures(conv, 400, 20, [9]),
      // one on the flat ceiling, one on the slope
      figures(conv, 800, 20, [8]),
      figures(conv, 20, 20, [2]),
      figures(relu, 0, 2, [0.25]),
    ];
    const svg = roofline('Kernels on <anything>', cases, CEILINGS);
    expect(XMLValidator.validate(svg)).toBe(true);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    const { circle, polyline } = (
      parser.parse(svg) as { svg: { circle: { cx: number; cy: number; fill: string }[]; polyline: { points: string } } }
    ).svg;
    expect(circle).toHaveLength(4);
    expect(new Set(circle.map(({ fill }) => fill)).size).toBe(2);
    const [start, ridge, end] = polyline.points.split(' ').map((point) => point.split(',').map(Number));
    expect(end[1]).toBe(ridge[1]);
    expect(circle[1].cy).toBeCloseTo(ridge[1], 1);
    const slope = (from: readonly number[], to: readonly number[]): number => (to[1] - from[1]) / (to[0] - from[0]);
    expect(slope(start, [circle[2].cx, circle[2].cy])).toBeCloseTo(slope(start, ridge), 2);
    // 10 operations a byte are where 100 GFLOP/s meet 10 GB/s; 400 MFLOP of 20 MB lie a factor of 2 to the right
    expect(circle[0].cx - ridge[0]).toBeCloseTo(circle[1].cx - circle[0].cx, 1);
    expect(circle[0].cy).toBeGreaterThan(circle[1].cy);
  });

  it('is drawn for a single case, too', () => {
    const svg = roofline('One', [figures(nodes()[1], 0, 2, [0.25])], CEILINGS);
    expect(XMLValidator.validate(svg)).toBe(true);
    expect(svg.match(/<circle/g)).toHaveLength(1);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });
});
