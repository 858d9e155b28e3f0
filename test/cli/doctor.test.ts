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
      expect(stdout).toMatch(/^WRONG: Dawn finds no WebGPU adapter/m);
      expect(code).toBe(1);
    }
  });
});
