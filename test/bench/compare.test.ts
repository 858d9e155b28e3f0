import { describe, expect, it } from 'vitest';
import { compareDetections, compareLosses, compareTensors } from '../../src/bench/compare';

describe('compareTensors', () => {
  it('states the largest difference, also a NaN', () => {
    expect(compareTensors('logits', { logits: [1, -4] }, { logits: [1, -4.04] })).toBe(
      'logits differ by 9.9e-3 of the largest',
    );
    expect(compareTensors('logits', { logits: [NaN, 1] }, { logits: [1, 1] })).toMatch(/NaN/);
    expect(compareTensors('logits', { logits: [1] }, { logits: [1, 1] })).toBe('1 values of logits against 2');
  });
});

describe('compareDetections', () => {
  const one = { boxes: [0, 0, 10, 10], scores: [0.9], labels: [1] };

  it('finds partners in any order, each once', () => {
    const ours = { boxes: [0, 0, 10, 10, 5, 5, 9, 9], scores: [0.9, 0.9], labels: [1, 2] };
    const theirs = { boxes: [5, 5, 9, 9.5, 0, 0, 10, 10], scores: [0.9, 0.895], labels: [2, 1] };
    expect(compareDetections(ours, theirs)).toBe(
      '2 of 2 detections agree with one of its 2: scores to 5.0e-3, corners to 5.0e-1 px',
    );
    const twice = { boxes: [...one.boxes, ...one.boxes], scores: [0.9, 0.9], labels: [1, 1] };
    expect(compareDetections(twice, one)).toMatch(/^1 of 2 detections agree with one of its 1/);
  });

  it('does not pair what differs in label, score or box, or is NaN', () => {
    const others = [{ labels: [2] }, { scores: [0.8] }, { boxes: [0, 0, 10, 12] }, { boxes: [0, NaN, 10, 10] }];
    for (const other of others) {
      expect(compareDetections(one, { ...one, ...other }), JSON.stringify(other)).toMatch(/^0 of 1/);
    }
    expect(compareDetections({ boxes: [], scores: [], labels: [] }, one)).toMatch(/^0 of 0/);
  });
});

describe('compareLosses', () => {
  it('states the largest relative difference and the sums, NaN for a loss that is missing', () => {
    expect(compareLosses({ a: [2], b: [0.5] }, { a: [2], b: [0.4] })).toBe(
      'losses of the first step differ by 2.0e-1 of each at most; their sum is 2.5000 against 2.4000',
    );
    expect(compareLosses({ a: [0] }, { a: [0] })).toContain('by 0.0e+0');
    expect(compareLosses({ a: [1], b: [1] }, { a: [1] })).toMatch(/by NaN .* against NaN/);
  });
});
