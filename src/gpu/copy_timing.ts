import type { GpuDevice } from './device';

/** A submission's copies take this long at least, so that its own cost does not count. */
const BATCH_MS = 20;

/** Milliseconds of one copyBufferToBuffer of so many bytes, by the host's clock: the smallest of several batches. */
export async function timeCopies(gpu: GpuDevice, bytes: number, batches: number): Promise<number> {
  const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const [from, to] = ['from', 'to'].map((label) => gpu.memory.create(`copy ${label}`, bytes, usage));
  const time = async (copies: number): Promise<number> => {
    const encoder = gpu.device.createCommandEncoder({ label: 'copies' });
    for (let i = 0; i < copies; i++) {
      encoder.copyBufferToBuffer(from, 0, to, 0, bytes);
    }
    const commands = encoder.finish();
    const start = performance.now();
    gpu.device.queue.submit([commands]);
    await gpu.wait(gpu.device.queue.onSubmittedWorkDone());
    return (performance.now() - start) / copies;
  };
  try {
    gpu.activity = 'timing of copies';
    // the first ones touch the memory
    await time(1);
    const copies = Math.max(1, Math.ceil(BATCH_MS / (await time(1))));
    const times = [];
    for (let i = 0; i < batches; i++) {
      times.push(await time(copies));
    }
    return Math.min(...times);
  } finally {
    gpu.memory.release(from);
    gpu.memory.release(to);
  }
}
