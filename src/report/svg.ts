/** Attributes of an element; numbers are rounded to hundredths, undefined ones left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An SVG element as text. `children` are elements or escaped text already. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? hundredths(value) : escapeXml(value ?? '')}"`);
  const start = `<${name}${written.join('')}`;
  return children.length === 0 ? `${start}/>` : `${start}>${children.join('')}</${name}>`;
}

/** Text for XML content and attributes; characters that XML cannot hold become the replacement character. */
export function escapeXml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/gu, '\ufffd')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&apos;');
}

/** A coordinate in as few characters as show. */
export function hundredths(value: number): string {
  return String(Math.round(value * 100) / 100);
}
