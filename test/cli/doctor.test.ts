import { describe, expect, it } from 'vitest';
import { engine } from './engine';

describe('engine doctor', () => {
  it('shows the adapter, and ends although Dawn is loaded', async () => {
    const { code, stdout, stderr } = await engine('doctor');
    expect(stderr).not.toMatch(/^engine:/m);
    expect(stdout).toMatch(/^engine +\d+\.\d+\.\d+$/m);
    expect(stdout).toMatch(/^Dawn +webgpu \d+\.\d+\.\d+$/m);
    expect(stdout).toMatch(/^kind +(software|hardware)/m);
    expect(stdout).toMatch(/^maxStorageBufferBindingSize +\d+ \(\d+ MiB\)$/m);
    expect(code).toBe(stdout.includes('WRONG') ? 1 : 0);
  });

  it('prints the same as JSON', async () => {
    const { code, stdout } = await engine('doctor', '--json');
    const facts = JSON.parse(stdout) as { healthy: boolean; adapter: { limits: object; features: string[] } };
    expect(code).toBe(facts.healthy ? 0 : 1);
    expect(Object.keys(facts.adapter.limits).length).toBeGreaterThan(20);
    expect(facts.adapter.features).toContain('core-features-and-limits');
  });

  it('tells that there is no adapter, and how to get one', async () => {
    const noDriver = { VK_DRIVER_FILES: '/nonexistent.json', VK_ICD_FILENAMES: '/nonexistent.json' };
    const { code, stdout } = await engine.with(noDriver)('doctor');
    if (process.platform === 'linux') {
      expect(stdout).toMatch(/^WRONG: No WebGPU adapter: no/m);
      expect(code).toBe(1);
    }
  });

  it('takes the adapter by force', async () => {
    const { code, stdout } = await engine('doctor', '--adapter', 'hardware');
    expect(code).toBe(/^kind +hardware/m.test(stdout) && !stdout.includes('WRONG') ? 0 : 1);
    const wrong = await engine.with({ ENGINE_ADAPTER: 'quick' })('doctor');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/^engine: .*'quick' from env 'ENGINE_ADAPTER' is invalid.*auto, hardware, software/m);
  });
});
