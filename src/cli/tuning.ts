import { Option } from 'commander';
import type { GpuDevice } from '../gpu/device';
import { Tuner, type TunedChoice } from '../graph/tuner';
import type { TuningChoices } from '../graph/tuning';
import { textTable } from '../text_table';
import { TuningCache } from './tuning_cache';

/** What `--tune` says; undefined: `on` for hardware, `off` for software adapters, whose usual choices were measured. */
export type TuneMode = 'off' | 'on' | 'only';

export type BenchTuneMode = Exclude<TuneMode, 'only'>;

const MODES: readonly TuneMode[] = ['off', 'on', 'only'];
/** Seconds of measuring at most in a run, and where it is all that is asked for. */
const BUDGET_SECONDS = { off: 0, on: 20, only: 600 } as const;

export function tuneOption(): Option {
  const only = `, or only (that, and nothing else; at most ${BUDGET_SECONDS.only} s)`;
  return option(MODES, only).env('ENGINE_TUNE');
}

/** For commands that time what is chosen. */
export function benchTuneOption(): Option {
  return option(['off', 'on'] satisfies BenchTuneMode[], '');
}

function option(modes: readonly TuneMode[], more: string): Option {
  return new Option(
    '--tune <mode>',
    'measure which kernels are fastest on this device: off, on (shapes not met before; at most ' +
      `${BUDGET_SECONDS.on} s)${more}. Default: on for hardware adapters, off for software ones`,
  ).choices(modes);
}

/** The tuner of one command, with what earlier commands measured on the same device. */
export class TuningSession {
  readonly tuner: Tuner;

  private constructor(
    readonly mode: TuneMode,
    private readonly cache: TuningCache,
    tuner: Tuner,
  ) {
    this.tuner = tuner;
  }

  /** @param pinned choices that hold whatever was measured: those that a run began with */
  static async open(gpu: GpuDevice, asked: TuneMode | undefined, pinned?: TuningChoices): Promise<TuningSession> {
    const mode = asked ?? (gpu.capabilities.software ? 'off' : 'on');
    const cache = new TuningCache(gpu.adapter.info);
    const cached = mode === 'off' ? new Map<string, TunedChoice>() : await cache.read();
    // what ran out of time before is measured where there is time for it
    const known = [...cached].filter(([, { milliseconds }]) => mode !== 'only' || Object.keys(milliseconds).length > 0);
    let told = false;
    const tuner = new Tuner(gpu, {
      known: new Map([...known.map(([name, { variant }]) => [name, variant] as const), ...(pinned ?? [])]),
      budget: BUDGET_SECONDS[mode] * 1000,
      keep: (choices) => cache.add(choices),
      tell: () => {
        if (!told) {
          console.error(
            `engine: measuring which kernels are fastest on this device, at most ${BUDGET_SECONDS[mode]} s`,
          );
          told = true;
        }
      },
    });
    return new TuningSession(mode, cache, tuner);
  }

  /** Says on stderr what was measured, and what is not right with the cache. */
  report(): void {
    const { measured, milliseconds } = this.tuner;
    const left = [...measured.values()].filter((choice) => Object.keys(choice.milliseconds).length === 0).length;
    if (measured.size > 0) {
      const rest = left === 0 ? '' : `; ${left} more were left for \`--tune only\``;
      console.error(
        `engine: tuned ${measured.size - left} shapes in ${(milliseconds / 1000).toFixed(1)} s, kept in ${this.cache.path}${rest}`,
      );
    }
    this.cache.remarks.forEach((remark) => {
      console.error(`engine: warning: ${remark}`);
    });
  }

  /** What `--tune only` prints: each class of shapes with the time of each variant. */
  describe(): string {
    const { used, measured } = this.tuner;
    const rows = [...used].map(([name, variant]) => {
      const times = Object.entries(measured.get(name)?.milliseconds ?? {});
      const others = times.map(([other, ms]) => `${other} ${ms.toFixed(ms < 10 ? 3 : 1)} ms`).join(', ');
      return [name, variant, others === '' ? 'known' : others];
    });
    return textTable(['op and shapes', 'variant', 'measured'], rows).join('\n');
  }
}
