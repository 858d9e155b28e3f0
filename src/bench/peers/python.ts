import { spawnSync } from 'node:child_process';
import { InputError } from '../../errors';

const PYTHONS = ['python3', '/usr/bin/python3', 'python'];

/** An interpreter with torch and torchvision. */
export interface Python {
  readonly command: string;
  /** Whether its PyTorch has a GPU by CUDA. */
  readonly cuda: boolean;
}

/** What was found, by the value of PYTHON: to ask costs seconds. */
const found = new Map<string | undefined, Python>();

const PROBE = 'import numpy, torch, torchvision; print(torch.cuda.is_available())';

/**
 * The interpreter that the environment variable PYTHON names, or else the first usual one that has what is needed.
 * @throws InputError, saying how to install it
 */
export function findPython(): Python {
  const known = found.get(process.env.PYTHON);
  if (known !== undefined) {
    return known;
  }
  const candidates = process.env.PYTHON === undefined ? PYTHONS : [process.env.PYTHON];
  for (const command of candidates) {
    const { status, stdout } = spawnSync(command, ['-c', PROBE], { encoding: 'utf8' });
    if (status === 0) {
      const python = { command, cuda: stdout.trim() === 'True' };
      found.set(process.env.PYTHON, python);
      return python;
    }
  }
  throw new InputError(
    `${candidates.join(', ')} ${candidates.length > 1 ? 'have' : 'has'} no torch and torchvision: install them (on ` +
      'Debian `apt-get install python3-torch python3-torchvision`, elsewhere `pip install torch torchvision`), or set ' +
      'PYTHON to an interpreter that has them',
  );
}
