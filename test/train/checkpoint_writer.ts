// Runs in a process of its own, which the test kills: saves checkpoints into a run's folder until then.
import { RunFolder } from '../../src/train/run_folder';

const ELEMENTS = 200_000;

/** Every element says which step it is of. */
const data = (step: number): Float32Array => new Float32Array(ELEMENTS).fill(step);

async function write(path: string): Promise<void> {
  const { folder, checkpoint } = await RunFolder.open(path);
  for (let step = checkpoint.state.step + 1; ; step++) {
    const tensors = new Map(['a', 'b', 'optimizer/m/a'].map((name) => [name, { shape: [ELEMENTS], data: data(step) }]));
    const state = { step, epoch: 0, seed: 1, best: null, extra: {} };
    await folder.saveLast(tensors, state, 2);
    await folder.saveBest(new Map([...tensors].slice(0, 2)), state);
    process.stdout.write(`${step}\n`);
  }
}

await write(process.argv[2]);
