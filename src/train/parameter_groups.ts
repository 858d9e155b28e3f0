import { nearest } from '../config/nearest';
import { InputError } from '../errors';
import { RANGE_ALIGNMENT, type ArenaLayout } from '../graph/states';
import type { ElementRange, ParameterGroup } from './optimizers';

/** Which parameters train, and how they differ: keys of a configuration's section `train`. Names are torchvision's. */
export interface GroupSettings {
  /** Parts of the backbone that do not train: 1 is conv1, 2 conv1 and layer1, up to 5, all of it but the FPN. */
  readonly frozenStages: number;
  /** The learning rate's factor for the backbone without the FPN, where no group says otherwise. 0: it does not train. */
  readonly backboneMultiplier: number;
  /** Parameters without weight decay, where no group says otherwise. In a pattern, `*` is any text. */
  readonly noDecay: readonly string[];
  /** The first one whose pattern fits counts. A multiplier of 0: they do not train. */
  readonly groups: readonly {
    readonly pattern: string;
    readonly learningRateMultiplier: number;
    /** Null: as if there were no group. */
    readonly weightDecay: number | null;
  }[];
}

const BODY = 'backbone.body.';
/** The backbone's parts, in the order in which they are frozen. */
const STAGES = [['conv1', 'bn1'], ['layer1'], ['layer2'], ['layer3'], ['layer4']];

/** How a parameter is treated; weightDecay undefined: as the optimizer's settings have it. */
interface Treatment {
  readonly factor: number;
  readonly weightDecay: number | undefined;
}

/**
 * The parameters that train: all but the frozen stages, those whose learning rate is multiplied by 0, and frozen BatchNorms.
 * @param names of all parameters of the model
 * @returns their names, those of a group one after the other: laid out like this, an optimizer step is few dispatches
 * @throws InputError for a pattern that fits none of the names; where nothing is left to train
 */
export function trainableParameters(names: readonly string[], settings: GroupSettings): string[] {
  checkPatterns(names, settings);
  const known = new Set(names);
  const stages = STAGES.slice(0, settings.frozenStages).flat();
  const isFixed = (name: string): boolean =>
    stages.some((stage) => name.startsWith(`${BODY}${stage}.`)) ||
    // the four parameters of a frozen BatchNorm
    known.has(name.replace(/[^.]+$/, 'running_var'));
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const treatment = treatmentOf(name, settings);
    if (treatment.factor !== 0 && !isFixed(name)) {
      const key = keyOf(treatment);
      groups.set(key, [...(groups.get(key) ?? []), name]);
    }
  }
  const trainable = [...groups.values()].flat();
  if (trainable.length === 0) {
    throw new InputError(
      'no parameter is left to train: lower train.frozen_stages, or raise the multipliers of train.groups above 0',
    );
  }
  return trainable;
}

/**
 * The parameters of an arena as the groups that an optimizer takes, neighbours that are treated alike as one range.
 * @param layout of the trainable parameters, by name
 */
export function parameterGroups(layout: ArenaLayout, settings: GroupSettings): ParameterGroup[] {
  const step = RANGE_ALIGNMENT / 4;
  const groups = new Map<string, Treatment & { readonly ranges: ElementRange[] }>();
  for (const [name, { chunk, offset, length }] of layout.ranges) {
    const treatment = treatmentOf(name, settings);
    const key = keyOf(treatment);
    const group = groups.get(key) ?? { ...treatment, ranges: [] };
    groups.set(key, group);
    const end = offset + Math.ceil(length / step) * step;
    const last = group.ranges.at(-1);
    if (last?.chunk === chunk && last.end === offset) {
      group.ranges[group.ranges.length - 1] = { ...last, end };
    } else if (end > offset) {
      group.ranges.push({ chunk, first: offset, end });
    }
  }
  return [...groups.values()].map(({ factor, weightDecay, ranges }) => ({
    ranges,
    learningRateFactor: factor,
    ...(weightDecay === undefined ? {} : { weightDecay }),
  }));
}

function treatmentOf(name: string, { backboneMultiplier, noDecay, groups }: GroupSettings): Treatment {
  const group = groups.find(({ pattern }) => fits(pattern, name));
  const own = name.startsWith(BODY) ? backboneMultiplier : 1;
  const withoutDecay = noDecay.some((pattern) => fits(pattern, name));
  return {
    factor: group?.learningRateMultiplier ?? own,
    weightDecay: group?.weightDecay ?? (withoutDecay ? 0 : undefined),
  };
}

function keyOf({ factor, weightDecay }: Treatment): string {
  return `${factor} ${weightDecay}`;
}

/** `*` stands for any text, none included; all else for itself. */
function fits(pattern: string, name: string): boolean {
  const [first, ...rest] = pattern.split('*');
  if (rest.length === 0) {
    return name === first;
  }
  const last = rest.pop()!;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) {
    return false;
  }
  // what is found first leaves the most room for the next part
  let from = first.length;
  for (const part of rest) {
    const at = name.indexOf(part, from);
    if (at < 0) {
      return false;
    }
    from = at + part.length;
  }
  return from <= name.length - last.length;
}

function checkPatterns(names: readonly string[], { noDecay, groups }: GroupSettings): void {
  const patterns = [
    ...noDecay.map((pattern, i) => ({ key: `train.no_decay[${i}]`, pattern })),
    ...groups.map(({ pattern }, i) => ({ key: `train.groups[${i}].pattern`, pattern })),
  ];
  for (const { key, pattern } of patterns) {
    if (!names.some((name) => fits(pattern, name))) {
      const meant = nearest(pattern.replaceAll('*', ''), names);
      const instead = meant === null ? `names look like ${names[0]}` : `the nearest is ${meant}`;
      throw new InputError(
        `${key} is ${pattern} and fits no parameter of the model: ${instead}, and * stands for any text`,
      );
    }
  }
}
