import { z } from 'zod';
import { aboveZero, choice, flag, fraction, integer, notNegative, oneOf, section } from './fields';
import { nearest } from './nearest';
import { isMapping } from './yaml-file';

const betweenZeroAndOne = z.number({ error: 'a number from 0 to below 1' });
const beta = betweenZeroAndOne
  .min(0, { error: 'a number from 0 to below 1' })
  .lt(1, { error: 'a number from 0 to below 1' });
const anyNumber = z.number({ error: 'a number' });

/** Null: torch.optim's default for the optimizer. */
const learningRate = { learning_rate: aboveZero.nullable().default(null) };
const maximize = { maximize: flag(false) };
const common = { ...learningRate, ...maximize, weight_decay: notNegative.default(0) };
const moments = { beta1: beta.default(0.9), beta2: beta.default(0.999), eps: aboveZero.default(1e-8) };

/** Keys and defaults are torch.optim's; `betas`, `etas` and `step_sizes` are keys of their own. */
const OPTIMIZERS = [
  section({
    type: z.literal('sgd'),
    ...common,
    // torch.optim has no default; this is the one of torchvision's references for a batch of 16
    learning_rate: aboveZero.default(0.02),
    momentum: notNegative.default(0),
    dampening: anyNumber.default(0),
    nesterov: flag(false),
  }),
  section({ type: z.literal('adam'), ...common, ...moments, amsgrad: flag(false) }),
  section({
    type: z.literal('adamw'),
    ...common,
    weight_decay: notNegative.default(0.01),
    ...moments,
    amsgrad: flag(false),
  }),
  section({ type: z.literal('adamax'), ...common, ...moments }),
  section({ type: z.literal('nadam'), ...common, ...moments, momentum_decay: notNegative.default(4e-3) }),
  section({ type: z.literal('radam'), ...common, ...moments }),
  section({ type: z.literal('adadelta'), ...common, rho: fraction.default(0.9), eps: aboveZero.default(1e-6) }),
  section({
    type: z.literal('adagrad'),
    ...common,
    lr_decay: notNegative.default(0),
    initial_accumulator_value: notNegative.default(0),
    eps: aboveZero.default(1e-10),
  }),
  section({
    type: z.literal('rmsprop'),
    ...common,
    alpha: fraction.default(0.99),
    eps: aboveZero.default(1e-8),
    momentum: notNegative.default(0),
    centered: flag(false),
  }),
  section({
    type: z.literal('rprop'),
    ...learningRate,
    ...maximize,
    eta_minus: aboveZero.lt(1, { error: 'a number between 0 and 1' }).default(0.5),
    eta_plus: z.number({ error: 'a number above 1' }).gt(1, { error: 'a number above 1' }).default(1.2),
    smallest_step: notNegative.default(1e-6),
    largest_step: notNegative.default(50),
  }),
  section({
    type: z.literal('asgd'),
    ...common,
    lambd: notNegative.default(1e-4),
    alpha: anyNumber.default(0.75),
    t0: anyNumber.default(1e6),
  }),
  section({
    type: z.literal('lbfgs'),
    ...learningRate,
    max_iterations: integer(1, 1000).default(20),
    max_evaluations: integer(1, 10000).nullable().default(null),
    tolerance_gradient: notNegative.default(1e-7),
    tolerance_change: notNegative.default(1e-9),
    history_size: integer(1, 1000).default(100),
    line_search: choice(['none', 'strong_wolfe']).default('none'),
  }),
] as const;

const TYPES = OPTIMIZERS.map(({ shape }) => shape.type.value);

function expectedType(found: unknown): string {
  if (typeof found === 'string' && plainName(found) === 'sparseadam') {
    return 'an optimizer of dense gradients, since no layer here has sparse ones: adam does the same for them';
  }
  const meant = typeof found === 'string' ? nearest(found, TYPES) : null;
  return `${oneOf(TYPES)}${meant === null ? '' : ` (the nearest is ${meant})`}`;
}

/** `AdamW` and `adam-w` are `adamw`. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/[-_ ]/g, '');
}

/** The optimizer; `type` may be written as torch.optim writes it, and is sgd where a section leaves it out. */
export const optimizerSchema = z.preprocess(
  (value) => {
    if (!isMapping(value)) {
      return value;
    }
    const { type = 'sgd' } = value;
    const plain = typeof type === 'string' ? plainName(type) : type;
    return { ...value, type: TYPES.some((known) => known === plain) ? plain : type };
  },
  z.discriminatedUnion('type', OPTIMIZERS, {
    error: ({ input }) => (isMapping(input) ? expectedType(input.type) : 'a section with keys'),
  }),
);
