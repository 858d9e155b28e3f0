import type { Command } from 'commander';
import { registerDataCheck } from './data_check';
import { registerDataConvert } from './data_convert';
import { registerDataPreview } from './data_preview';
import { registerDataSplit } from './data_split';
import { registerDataStats } from './data_stats';
import type { Register } from './register';

/** Adds the commands below `engine data`, each from its own file. */
const COMMANDS: readonly Register[] = [
  registerDataConvert,
  registerDataSplit,
  registerDataCheck,
  registerDataStats,
  registerDataPreview,
];

/** `engine data`: what people do with annotation files before training. */
export function registerData(program: Command): void {
  const data = program.command('data').description('annotation files: convert, split, check, describe, preview');
  for (const register of COMMANDS) {
    register(data);
  }
}
