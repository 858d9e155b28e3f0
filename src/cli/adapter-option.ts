import { Option } from 'commander';
import type { AdapterChoice } from '../gpu/device';

const CHOICES: readonly AdapterChoice[] = ['auto', 'hardware', 'software'];

/** `--adapter`, for every command that uses the GPU; its value is an AdapterChoice. */
export function adapterOption(): Option {
  return new Option('--adapter <kind>', 'which WebGPU adapter to use: a hardware one if there is one, or one by force')
    .choices(CHOICES)
    .default('auto')
    .env('ENGINE_ADAPTER');
}
