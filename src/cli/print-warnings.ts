import type { Warnings } from '../data/warnings';

/** One line on stderr for each kind of warning. */
export function printWarnings(warnings: Warnings): void {
  for (const line of warnings.lines()) {
    console.error(`engine: warning: ${line}`);
  }
}
