/** A TypeScript file bundled as a script for a browser: see scripts/lib/inline.mjs. */
declare module '*?script' {
  const script: string;
  export default script;
}

/** A file's text. */
declare module '*?text' {
  const text: string;
  export default text;
}
