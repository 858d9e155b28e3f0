import { vi } from 'vitest';
import { runCommandLine } from '../../src/cli/program';

export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `engine ARGS` within the test's own process and gathers what it prints: for commands that use no GPU. One at a
 * time. `test/cli/engine.ts` runs the built command in a process of its own.
 */
export async function runCommand(...args: string[]): Promise<CommandOutcome> {
  const [out, errors]: [string[], string[]] = [[], []];
  const print =
    (lines: string[]) =>
    (...values: unknown[]): void => {
      lines.push(`${values.map(String).join(' ')}\n`);
    };
  const write = (lines: string[]) => (text: string | Uint8Array) => {
    lines.push(String(text));
    return true;
  };
  const spies = [
    vi.spyOn(console, 'log').mockImplementation(print(out)),
    vi.spyOn(console, 'error').mockImplementation(print(errors)),
    vi.spyOn(process.stdout, 'write').mockImplementation(write(out)),
    vi.spyOn(process.stderr, 'write').mockImplementation(write(errors)),
  ];
  try {
    const code = await runCommandLine(args);
    return { code, stdout: out.join(''), stderr: errors.join('') };
  } finally {
    spies.forEach((spy) => {
      spy.mockRestore();
    });
  }
}
