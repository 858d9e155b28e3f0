import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load';
import { Detector } from '../../src/models/detector';
import { initialisationOf, initialWeights, type ParameterShape } from '../../src/train/initial_weights';
import { logarithm } from '../../src/train/initial_weights_random';

interface Reference {
  readonly draws: number;
  readonly models: Record<string, Record<string, { shape: number[]; statistics: [number, number, number] }>>;
}

const path = new URL('../reference/models/initial_weights.json', import.meta.url);
const { draws, models } = JSON.parse(readFileSync(path, 'utf8')) as Reference;

const parametersOf = (model: string): ParameterShape[] => {
  return Object.entries(models[model]).map(([name, { shape }]) => ({ name, shape }));
};

/** Mean, deviation and greatest magnitude. */
function statisticsOf(values: Float32Array): [number, number, number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return [mean, Math.sqrt(square), values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)];
}

const sameBits = (a: Float32Array, b: Float32Array): boolean => Buffer.from(a.buffer).equals(Buffer.from(b.buffer));

/** Standard errors of the deviation of n independent values: kurtosis 3 (normal) or 1.8 (uniform). */
const errorOfDeviation = (deviation: number, n: number, kurtosis: number): number => {
  return deviation * Math.sqrt((kurtosis - 1) / (4 * n));
};

describe.each(Object.keys(models))("torchvision's %s", (model) => {
  const parameters = parametersOf(model);
  const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));

  it('has the parameters of the graph', () => {
    const { model: config } = loadConfig(model === 'r50' ? 'mask_rcnn_r50_fpn' : 'mask_rcnn_slim');
    const graph = Detector.expectedParameters({ ...config, classes: model === 'r50' ? 4 : 2 });
    expect([...graph].sort()).toEqual([...shapes].sort());
  });

  it('begins each parameter with the constants and deviations that are its rules here', () => {
    for (const parameter of parameters) {
      const { name, shape } = parameter;
      const rule = initialisationOf(parameter, (other) => shapes.get(other));
      const [mean, deviation, most] = models[model][name].statistics;
      const n = shape.reduce((product, size) => product * size, 1) * draws;
      if (rule.kind === 'constant') {
        expect([name, mean, deviation]).toEqual([name, rule.value, 0]);
        continue;
      }
      const [expected, kurtosis] = rule.kind === 'normal' ? [rule.deviation, 3] : [rule.bound / Math.sqrt(3), 1.8];
      // predictors of 2 classes have few biases: the error's own error matters there
      const allowed = 5 * errorOfDeviation(expected, n, kurtosis) + (n < 50 ? expected : 0);
      expect(Math.abs(deviation - expected), `deviation of ${name}`).toBeLessThan(allowed);
      expect(Math.abs(mean), `mean of ${name}`).toBeLessThan((5 * expected) / Math.sqrt(n));
      if (rule.kind === 'uniform') {
        expect(most / rule.bound, `bound of ${name}`).toBeLessThan(1 + 1e-5);
        expect(most / rule.bound, `bound of ${name}`).toBeGreaterThan(1 - 15 / n);
      } else {
        // a uniform distribution ends at √3 deviations, a normal one of so many values far beyond
        expect(most / rule.deviation, `tail of ${name}`).toBeGreaterThan(n > 1000 ? 3 : 1.8);
      }
    }
  });
});

describe('initialWeights', () => {
  const parameters = parametersOf('slim');
  const values = initialWeights(parameters, 1);

  it('follow their rules: mean, deviation, bounds, tails', () => {
    const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
    for (const parameter of parameters) {
      const { name } = parameter;
      const rule = initialisationOf(parameter, (other) => shapes.get(other));
      const data = values.get(name)!;
      const [mean, deviation, most] = statisticsOf(data);
      if (rule.kind === 'constant') {
        expect([name, mean, deviation]).toEqual([name, rule.value, 0]);
        continue;
      }
      const [expected, kurtosis] = rule.kind === 'normal' ? [rule.deviation, 3] : [rule.bound / Math.sqrt(3), 1.8];
      const allowed = 5 * errorOfDeviation(expected, data.length, kurtosis) + (data.length < 50 ? expected : 0);
      expect(Math.abs(deviation - expected), `deviation of ${name}`).toBeLessThan(allowed);
      expect(Math.abs(mean), `mean of ${name}`).toBeLessThan((5 * expected) / Math.sqrt(data.length));
      if (rule.kind === 'uniform') {
        expect(most, `bound of ${name}`).toBeLessThanOrEqual(Math.fround(rule.bound));
      }
    }
  });

  it('are normal where they should be: shares within 1, 2 and 3 deviations', () => {
    const data = values.get('backbone.body.layer3.1.conv2.weight')!;
    const deviation = Math.sqrt(2 / (256 * 9));
    const share = (limit: number): number => {
      return data.reduce((sum, value) => sum + Number(Math.abs(value) < limit * deviation), 0) / data.length;
    };
    // 589,824 values: a standard error of 0.0006
    expect(share(1)).toBeCloseTo(0.6827, 2);
    expect(share(2)).toBeCloseTo(0.9545, 2);
    expect(share(3)).toBeCloseTo(0.9973, 3);
  });

  it('depend on name, shape and seed alone', () => {
    const some = parameters.filter((_, i) => i % 3 === 0).reverse();
    for (const [name, data] of initialWeights(some, 1, parameters)) {
      expect(sameBits(data, values.get(name)!), name).toBe(true);
    }
    const other = initialWeights(parameters, 2);
    const same = parameters
      .map(({ name }) => name)
      .filter((name) => {
        return sameBits(values.get(name)!, other.get(name)!);
      });
    // constants alone do not depend on the seed
    expect(same.every((name) => new Set(values.get(name)).size === 1)).toBe(true);
    // and no two parameters of one shape are alike
    const twins = ['backbone.body.layer1.0.conv1.weight', 'backbone.body.layer1.0.conv2.weight'];
    expect(sameBits(values.get(twins[0])!, values.get(twins[1])!)).toBe(false);
  });

  it('have the same bits everywhere: a checksum of them', () => {
    let checksum = 0;
    for (const data of values.values()) {
      for (const word of new Uint32Array(data.buffer)) {
        checksum = Math.imul(checksum ^ word, 0x01000193);
      }
    }
    expect(checksum >>> 0).toMatchInlineSnapshot(`2266832094`);
  });

  it("know torchvision's names only", () => {
    expect(() => initialWeights([{ name: 'head.weight', shape: [2, 2] }], 1)).toThrow(/no rule for what head\.weight/);
    expect(() => initialWeights([{ name: 'roi_heads.x.bias', shape: [2] }], 1)).toThrow(RangeError);
  });
});

describe('logarithm', () => {
  it('is that of Math', () => {
    for (const x of [2 ** -32, 1e-9, 0.1, 0.5, 0.70710678, 0.9999, 1, 1.3, 1.5, 10, 1e6]) {
      expect(logarithm(x)).toBeCloseTo(Math.log(x), 12);
    }
  });
});
