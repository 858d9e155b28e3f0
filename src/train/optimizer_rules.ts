import { InputError } from '../errors';
import type { UpdateRule } from '../kernels/optimizers/update';
import { within, type AdamSettings, type OptimizerSettings, type SgdSettings } from './optimizer_settings';

/** The scalars of one group of parameters in one step, computed in f64: at most four. */
type Scalars = readonly number[];

/** How an optimizer's settings become its kernel and the scalars that it gets. */
export interface OptimizerRule extends UpdateRule {
  /** The weight decay of groups that have none of their own. */
  readonly weightDecay: number;
  /** The decay is a matter of the scalars, not of the gradient. */
  readonly decoupled?: boolean;
  /** @param t the step's number, from 1 */
  scalars(t: number, learningRate: number, weightDecay: number): Scalars;
}

/** @throws InputError for settings out of range */
export function optimizerRule(settings: OptimizerSettings): OptimizerRule {
  const weightDecay = 'weightDecay' in settings ? within('weightDecay', settings.weightDecay, 0, '>= 0') : 0;
  switch (settings.type) {
    case 'sgd':
      return { weightDecay, ...sgd(settings) };
    case 'adam':
      return { weightDecay, ...adam(settings) };
    case 'adamw':
      return { ...adam(settings), weightDecay: settings.weightDecay === undefined ? 1e-2 : weightDecay };
    case 'adamax': {
      const { beta1, constants } = moments(settings);
      return {
        weightDecay,
        kernel: 'adam',
        slots: ['average', 'largest'],
        defines: { RULE: 'adamax' },
        constants,
        scalars: (t, learningRate) => [learningRate / (1 - beta1 ** t)],
      };
    }
    case 'nadam':
      return { weightDecay, ...nadam(settings) };
    case 'radam':
      return { weightDecay, ...radam(settings) };
    case 'adadelta': {
      const rho = within('rho', settings.rho, 0.9, '[0, 1]');
      return {
        weightDecay,
        kernel: 'adadelta',
        slots: ['square_average', 'delta_average'],
        defines: {},
        constants: { rho, one_minus_rho: 1 - rho, eps: within('eps', settings.eps, 1e-6, '> 0') },
        scalars: (_, learningRate) => [learningRate],
      };
    }
    case 'adagrad': {
      const lrDecay = within('lrDecay', settings.lrDecay, 0, '>= 0');
      const initial = within('initialAccumulatorValue', settings.initialAccumulatorValue, 0, '>= 0');
      return {
        weightDecay,
        kernel: 'adagrad',
        slots: ['square_sum'],
        defines: {},
        constants: { eps: within('eps', settings.eps, 1e-10, '> 0') },
        scalars: (t, learningRate) => [learningRate / (1 + (t - 1) * lrDecay), t === 1 ? initial : 0],
      };
    }
    case 'rmsprop': {
      const alpha = within('alpha', settings.alpha, 0.99, '[0, 1]');
      const momentum = within('momentum', settings.momentum, 0, '>= 0');
      const centered = settings.centered ?? false;
      return {
        weightDecay,
        kernel: 'rmsprop',
        slots: ['square_average', ...(centered ? ['average'] : []), ...(momentum > 0 ? ['momentum'] : [])],
        defines: { CENTERED: centered, MOMENTUM: momentum > 0 },
        constants: { alpha, one_minus_alpha: 1 - alpha, momentum, eps: within('eps', settings.eps, 1e-8, '> 0') },
        scalars: (_, learningRate) => [learningRate],
      };
    }
    case 'rprop': {
      const smallest = within('smallestStep', settings.smallestStep, 1e-6, '>= 0');
      return {
        weightDecay,
        kernel: 'rprop',
        slots: ['step_size', 'previous_gradient'],
        defines: {},
        constants: {
          eta_minus: within('etaMinus', settings.etaMinus, 0.5, '(0, 1)'),
          eta_plus: within('etaPlus', settings.etaPlus, 1.2, '> 1'),
          smallest,
          largest_step: Math.max(smallest, within('largestStep', settings.largestStep, 50, '>= 0')),
        },
        scalars: (t, learningRate) => [t === 1 ? learningRate : 0],
      };
    }
    case 'asgd': {
      const lambd = within('lambd', settings.lambd, 1e-4, '>= 0');
      const alpha = within('alpha', settings.alpha, 0.75, 'finite');
      const t0 = within('t0', settings.t0, 1e6, 'finite');
      return {
        weightDecay,
        kernel: 'asgd',
        slots: ['average'],
        defines: {},
        constants: {},
        scalars(t, learningRate) {
          const eta = learningRate / (1 + lambd * learningRate * (t - 1)) ** alpha;
          return [eta, lambd * eta, 1 / Math.max(1, t - 1 - t0)];
        },
      };
    }
  }
}

type RuleWithoutDecay = Omit<OptimizerRule, 'weightDecay'>;

function sgd(settings: SgdSettings): RuleWithoutDecay {
  const momentum = within('momentum', settings.momentum, 0, '>= 0');
  const dampening = within('dampening', settings.dampening, 0, 'finite');
  const nesterov = settings.nesterov ?? false;
  if (nesterov && (momentum === 0 || dampening !== 0)) {
    throw new InputError('optimizer.nesterov needs a momentum above 0 and a dampening of 0: set both, or turn it off');
  }
  return {
    kernel: 'sgd',
    slots: momentum > 0 ? ['momentum'] : [],
    defines: { MOMENTUM: momentum > 0, NESTEROV: nesterov },
    constants: { momentum },
    // the first gradient enters undampened
    scalars: (t, learningRate) => [learningRate, t === 1 ? 1 : 1 - dampening],
  };
}

interface Moments {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly eps?: number;
}

function moments(settings: Moments): { beta1: number; beta2: number; constants: Record<string, number> } {
  const beta1 = within('beta1', settings.beta1, 0.9, '[0, 1)');
  const beta2 = within('beta2', settings.beta2, 0.999, '[0, 1)');
  const eps = within('eps', settings.eps, 1e-8, '> 0');
  return { beta1, beta2, constants: { beta1, beta2, one_minus_beta1: 1 - beta1, one_minus_beta2: 1 - beta2, eps } };
}

/** Kingma and Ba, "Adam", 2015; amsgrad by Reddi et al., 2018; adamw by Loshchilov and Hutter, 2019. */
function adam(settings: AdamSettings): RuleWithoutDecay {
  const { beta1, beta2, constants } = moments(settings);
  const decoupled = settings.type === 'adamw';
  const amsgrad = settings.amsgrad ?? false;
  return {
    kernel: 'adam',
    slots: ['average', 'square_average', ...(amsgrad ? ['largest_square_average'] : [])],
    defines: { RULE: 'adam', AMSGRAD: amsgrad },
    constants,
    decoupled,
    scalars: (t, learningRate, decay) => [
      learningRate / (1 - beta1 ** t),
      1 / Math.sqrt(1 - beta2 ** t),
      decoupled ? learningRate * decay : 0,
    ],
  };
}

/**
 * Dozat, "Incorporating Nesterov Momentum into Adam", 2016, as torch.optim documents it. (Up to PyTorch 1.13 its loop over
 * single tensors multiplies mu in once too often; the one over lists of tensors and later versions do not.)
 */
function nadam(settings: Moments & { readonly momentumDecay?: number }): RuleWithoutDecay {
  const { beta1, beta2, constants } = moments(settings);
  const momentumDecay = within('momentumDecay', settings.momentumDecay, 4e-3, '>= 0');
  const mu = (t: number): number => beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
  // the product of mu(1) to mu(t), carried on from step to step
  let known = { t: 0, product: 1 };
  const productTo = (t: number): number => {
    let { t: at, product } = known.t <= t ? known : { t: 0, product: 1 };
    while (at < t) {
      product *= mu(++at);
    }
    known = { t, product };
    return product;
  };
  return {
    kernel: 'adam',
    slots: ['average', 'square_average'],
    defines: { RULE: 'nadam' },
    constants,
    scalars(t, learningRate) {
      const product = productTo(t);
      const next = mu(t + 1);
      return [
        (learningRate * (1 - mu(t))) / (1 - product),
        (learningRate * next) / (1 - product * next),
        1 / Math.sqrt(1 - beta2 ** t),
      ];
    },
  };
}

/** Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2020. */
function radam(settings: Moments): RuleWithoutDecay {
  const { beta1, beta2, constants } = moments(settings);
  const limit = 2 / (1 - beta2) - 1;
  return {
    kernel: 'adam',
    slots: ['average', 'square_average'],
    defines: { RULE: 'radam' },
    constants,
    scalars(t, learningRate) {
      const plain = learningRate / (1 - beta1 ** t);
      const correction = 1 - beta2 ** t;
      const length = limit - (2 * t * beta2 ** t) / correction;
      if (!(length > 5)) {
        return [0, plain];
      }
      const rectification = ((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length);
      return [plain * Math.sqrt(rectification * correction), plain];
    },
  };
}
