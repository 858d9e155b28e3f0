import areaSource from '../../../shaders/boxes/area.wgsl';
import bestSource from '../../../shaders/detection/match_best.wgsl';
import lowQualitySource from '../../../shaders/detection/match_low_quality.wgsl';
import nearSource from '../../../shaders/detection/near.wgsl';
import { f32, u32 } from '../../gpu/kernel';
import { fillWith } from '../fill';
import { read, required, ShapeError, spread, write, type Op, type OpKernelCall } from '../op';
import { dense } from '../tensor';

/** Matches that are no index of an object: a negative example, and one that is neither positive nor negative. */
export const BACKGROUND = -1;
export const IGNORED = -2;

export interface MatchBoxesAttributes {
  /** Least IoU of a match. */
  readonly high: number;
  /** A candidate whose best IoU is below it is background; from `low` up to `high` it is ignored. */
  readonly low: number;
  /** Match also, below `high`, the candidates that have the highest IoU of all with some object (each of equal ones). */
  readonly lowQuality: boolean;
  /** Candidates of which a crowd region covers this share at least are ignored where they would be background. */
  readonly crowdShare: number;
}

/** Candidates of a workgroup: the box around them should be small, and many workgroups remain for hardware. */
const RUN = 256;
const MAX_OBJECTS = 32768;

/**
 * The object that each anchor or proposal is to be trained on, as torchvision's Matcher over box_iou (Ren et al., "Faster
 * R-CNN", 2015, section 3.1.2), without the matrix of the IoUs. Crowd regions are never matched: a candidate that overlaps
 * them as `crowdShare` says says nothing about the background (COCO's rule for detections in crowds). Two differences for
 * what torchvision does not check for: an object that no candidate overlaps gets none (torchvision would match it to all),
 * and without objects all candidates are background. Where a GPU does not divide exactly, an IoU may fall on the other
 * side of a threshold than in torchvision.
 *
 * Inputs: candidates f32 dense [N, 4], which may have a count; objects' boxes f32 dense [G, 4], whose count says how many
 * there are; their crowd flags u32 [G]. Boxes are x1, y1, x2, y2 in pixels. Output: i32 [N], the object's index,
 * BACKGROUND or IGNORED; IGNORED past the candidates' count. No gradient.
 */
export const matchBoxes: Op<MatchBoxesAttributes> = {
  name: 'matchBoxes',
  constants: [0, 1],
  infer([candidates, boxes, crowd], { high, low }) {
    if (
      ![candidates, boxes].every((list) => list?.layout === 'dense' && list.shape.length === 2 && list.shape[1] === 4)
    ) {
      throw new ShapeError('matchBoxes: candidates and objects must be dense [n, 4]');
    }
    const objects = boxes!.shape[0];
    if (crowd?.shape.join() !== String(objects) || crowd.dtype !== 'u32' || objects > MAX_OBJECTS) {
      throw new ShapeError(`matchBoxes: crowd flags must be u32 [${objects}], and objects ${MAX_OBJECTS} at most`);
    }
    if (!(low <= high && low > 0)) {
      throw new ShapeError(`matchBoxes: thresholds ${low} and ${high} are not positive and in order`);
    }
    return [dense([candidates!.shape[0]], 'i32')];
  },
  forward(context, inputs, [matches], { high, low, lowQuality, crowdShare }) {
    const candidates = required(inputs, 0, 'matchBoxes');
    const boxes = required(inputs, 1, 'matchBoxes');
    const crowd = required(inputs, 2, 'matchBoxes');
    if (boxes.count === undefined) {
      throw new ShapeError('matchBoxes: the objects need a count');
    }
    const [length] = candidates.spec.shape;
    const [objects] = boxes.spec.shape;
    if (length === 0) {
      return;
    }
    const { software, subgroupSize, maxWorkgroupsPerDimension } = context.capabilities;
    const { count } = candidates;
    const call = {
      defines: {
        LANES: software ? subgroupSize || 8 : 64,
        RUN,
        // few distinct sizes, so few pipelines
        WORDS: 2 ** Math.max(5, Math.ceil(Math.log2(Math.ceil(objects / 32) || 1))),
        COUNTED: count !== undefined,
        LOW_QUALITY: lowQuality,
        BACKGROUND: String(BACKGROUND),
        IGNORED: String(IGNORED),
      },
      params: {
        length: u32(length),
        objects: u32(objects),
        zero: u32(0),
        high: f32(high),
        low: f32(low),
        crowd_share: f32(crowdShare),
      },
      workgroups: spread(Math.ceil(length / RUN), maxWorkgroupsPerDimension),
    };
    const bindings: OpKernelCall['bindings'] = {
      candidates: read(candidates, 'vec4f'),
      ...(count === undefined ? {} : { count: read(count, 'u32') }),
      boxes: read(boxes, 'vec4f'),
      object_count: read(boxes.count, 'u32'),
      crowd: read(crowd, 'u32'),
      matches: write(matches, 'i32'),
    };
    const highest = context.scratch(dense([Math.max(1, objects)], 'u32'));
    const best = context.scratch(dense([length], 'u32'));
    if (lowQuality) {
      fillWith(context, highest, 0);
    }
    context.dispatch({
      ...call,
      kernel: `detection/match_best${lowQuality ? ' low quality' : ''}`,
      source: areaSource + nearSource + bestSource,
      bindings: {
        ...bindings,
        ...(lowQuality ? { highest: write(highest, 'atomic<u32>'), best_objects: write(best, 'u32') } : {}),
      },
    });
    if (lowQuality) {
      context.dispatch({
        ...call,
        kernel: 'detection/match_low_quality',
        source: areaSource + nearSource + lowQualitySource,
        bindings: { ...bindings, highest: read(highest, 'u32'), best_objects: read(best, 'u32') },
      });
    }
  },
};
