/** What an element is made with; `text` is set as text, never as HTML. */
export interface Attributes {
  readonly class?: string;
  readonly text?: string;
  readonly [name: string]: string | undefined;
}

/** Makes an element with attributes and children. */
export function create<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  { text, ...attributes }: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== undefined) {
      element.setAttribute(attribute, value);
    }
  }
  if (text !== undefined) {
    element.textContent = text;
  }
  element.append(...children);
  return element;
}

/** The page's element of this id. @throws Error where the page has none of this kind */
export function byId<Element extends HTMLElement>(id: string, kind: new () => Element): Element {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) {
    throw new Error(`the page has no ${kind.name} "${id}"`);
  }
  return element;
}

/** The data that `reportPage` embedded under this id. */
export function readData<Data>(id: string): Data {
  return JSON.parse(byId(id, HTMLScriptElement).text) as Data;
}
