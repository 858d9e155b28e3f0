import { spawnSync } from 'node:child_process';
import { InputError } from '../../errors';

const PYTHONS = ['python3', '/usr/bin/python3', 'python'];

/** An interpreter with torch and torchvision. */
export interface Python {
  readonly command: string;
  /** Whether its PyTorch has a GPU by CUDA. */
  readonly cuda: boolean;
}

const PROBE = 'import numpy, torch, torchvision; print(torch.cuda.is_available())';

/**
 * The interpreter that the environment variable PYTHON names, or else the first usual one that has what is needed.
 * @throws InputError, saying how to install it
 */
export function findPython(): Python {
  const candidates = process.env.PYTHON === undefined ? PYTHONS : [process.env.PYTHON];
  for (const command of candidates) {
    const { status, stdout } = spawnSync(command, ['-c', PROBE], { encoding: 'utf8' });
    if (status === 0) {
      return { command, cuda: stdout.trim() === 'True' };
    }
  }
  throw new InputError(
    `${candidates.join(', ')} ${candidates.length > 1 ? 'have' : 'has'} no torch and torchvision: install them (on ` +
      'Debian `apt-get install python3-torch python3-torchvision`, elsewhere `pip install torch torchvision`), or set ' +
      'PYTHON to an interpreter that has them',
  );
}
