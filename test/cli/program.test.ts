import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ExitCode } from '../../src/cli/exit-code';
import { runCommandLine } from '../../src/cli/program';
import type { Register } from '../../src/cli/register';
import { InputError } from '../../src/errors';

let errors = '';

beforeEach(() => {
  errors = '';
  vi.spyOn(console, 'error').mockImplementation((text: unknown) => {
    errors += `${String(text)}\n`;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    errors += String(text);
    return true;
  });
  vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** A command that fails in the way asked for. */
const failing = (failure: unknown): Register => {
  return (program) => {
    program.command('fail').action(() => {
      throw failure;
    });
  };
};

describe('runCommandLine', () => {
  it('tells bad input by its sentence, without a stack, exit code 2', async () => {
    const code = await runCommandLine(['fail'], [failing(new InputError('No such file: a.png.'))]);
    expect([code, errors]).toEqual([2, 'engine: No such file: a.png.\n']);
  });

  it('tells what is unforeseen by one line, exit code 1, and the stack on demand', async () => {
    const failure = new TypeError('x is not a function\nmore');
    expect(await runCommandLine(['fail'], [failing(failure)])).toBe(1);
    expect(errors).toBe('engine: internal error: x is not a function (ENGINE_DEBUG=1 shows where)\n');
    errors = '';
    vi.stubEnv('ENGINE_DEBUG', '1');
    expect(await runCommandLine(['fail'], [failing(failure)])).toBe(1);
    expect(errors).toMatch(/^engine: internal error: x is not a function\nTypeError/);
  });

  it('ends with the code that a command asks for, silently', async () => {
    expect(await runCommandLine(['fail'], [failing(new ExitCode(1))])).toBe(1);
    expect(errors).toBe('');
  });

  it('tells how a command is called below what is wrong', async () => {
    expect(await runCommandLine(['score', '--gt', 'a.json'])).toBe(2);
    expect(errors).toBe(
      "engine: unknown option '--gt'\n(engine score [options] <gt> <pred>; engine score --help lists the options)\n",
    );
    errors = '';
    expect(await runCommandLine(['data', 'chek'])).toBe(2);
    expect(errors).toMatch(
      /\n\(Did you mean check\?\)\n\(engine data COMMAND; engine data --help lists the commands\)/,
    );
  });

  it('tells unknown options and commands, naming the nearest, exit code 2', async () => {
    expect(await runCommandLine(['doctor', '--jsn'])).toBe(2);
    expect(errors).toMatch(/^engine: unknown option '--jsn'\n\(Did you mean --json\?\)/);
    errors = '';
    expect(await runCommandLine(['doctr'])).toBe(2);
    expect(errors).toMatch(/^engine: unknown command 'doctr'\n\(Did you mean doctor\?\)/);
    errors = '';
    expect(await runCommandLine([])).toBe(2);
    expect(errors).toMatch(/^Usage: engine/);
  });

  it('gives help and version with exit code 0', async () => {
    for (const args of [['--help'], ['--version'], ['doctor', '--help'], ['help', 'doctor']]) {
      expect(await runCommandLine(args), args.join(' ')).toBe(0);
    }
    expect(errors).toBe('');
  });
});
