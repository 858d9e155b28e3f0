/** A TypeScript file bundled as a script for a browser: see scripts/lib/inline.mjs. */
declare module '*?script' {
  const script: string;
  export default script;
}

/** A TypeScript file bundled as a script for a worker thread of Node: see src/data/training/sample_decoder.ts. */
declare module '*?thread' {
  const script: string;
  export default script;
}

/** A file's text. */
declare module '*?text' {
  const text: string;
  export default text;
}
