// Prints the WebGPU adapter that Dawn finds, as one line of JSON. Exit code 3: there is none.
import { create } from 'webgpu';

const gpu = create([]);
const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
if (adapter === null) {
  process.exit(3);
}
// An adapter is of use only if it gives a device.
await adapter.requestDevice();
const { description, vendor, architecture, isFallbackAdapter } = adapter.info;
const software = isFallbackAdapter || /llvmpipe|lavapipe|swiftshader/i.test(description);
console.log(JSON.stringify({ description: description || `${vendor} ${architecture}`.trim(), software }));
// Dawn keeps the process alive otherwise.
process.exit(0);
