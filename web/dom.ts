import { escapeControls } from '../src/format.ts';

/**
 * Helpers for the DOM. Every string is inserted as text: names come from the container and must never become markup, or reverse the text
 * beside them.
 */
type Child = Node | string | null;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, escapeControls(value));
  node.append(...children.flatMap((c) => (c === null ? [] : [typeof c === 'string' ? escapeControls(c) : c])));
  return node;
}

/** A sentence whose `commands` are set as code, and whose options do not break after their hyphen. */
export const withCode = (text: string): Child[] =>
  text.split(/`([^`]+)`/).flatMap((piece, i) => (i % 2 === 1 ? [el('code', {}, piece)] : withOptions(piece)));

/** A browser may break a line after each hyphen: "-" at the end of a line, "XX:MaxDirectMemorySize" on the next. */
const withOptions = (text: string): Child[] =>
  text
    .split(/((?<![\w-])--?[A-Za-z][\w:+=-]*)/)
    .map((piece, i) => (i % 2 === 1 ? el('span', { class: 'option' }, piece) : piece));

export function svg(tag: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, escapeControls(value));
  return node;
}

export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`the page has no element ${id}`);
  return node as T;
}

/** Writes only changed text, so that a live tick does not cause another layout of the page. */
export function setText(node: HTMLElement, text: string): void {
  const shown = escapeControls(text);
  const { firstChild } = node;
  // Changing the existing text node is cheaper than replacing it.
  if (firstChild instanceof Text && firstChild.nextSibling === null) {
    if (firstChild.data !== shown) firstChild.data = shown;
  } else if (node.textContent !== shown) node.textContent = shown;
}

/** A tooltip for a text that changes with each tick. It is written only while the mouse is on it. */
export function titleOnHover(node: HTMLElement, words: () => string): void {
  node.addEventListener('pointerenter', () => {
    node.title = words();
  });
}

const keys = new WeakMap<Element, string>();

/**
 * Sets the children, and keeps each existing child with the same key. So unchanged children are not rebuilt, and the keyboard's focus stays.
 */
export function patch<T extends { readonly key: string; readonly made: () => HTMLElement }>(
  parent: HTMLElement,
  wanted: readonly T[],
  create: (node: HTMLElement, item: T) => void = () => undefined,
): void {
  const known = new Map([...parent.children].map((node) => [keys.get(node) ?? '', node]));
  const focused = [...parent.children].indexOf(document.activeElement as Element);
  const nodes = wanted.map((item) => {
    const old = known.get(item.key);
    if (old !== undefined && known.delete(item.key)) return old;
    const node = item.made();
    keys.set(node, item.key);
    create(node, item);
    return node;
  });
  if (nodes.length === parent.children.length && nodes.every((n, i) => n === parent.children[i])) return;
  parent.replaceChildren(...nodes);
  if (focused >= 0)
    (parent.children[Math.min(focused, nodes.length - 1)] as HTMLElement | undefined)?.focus({ preventScroll: true });
}

const colors = new Map<string, string>();

/** The current colour of a CSS variable. Reading it makes the browser compute all styles, so it is read once for each colour scheme. */
export function cssColor(name: string): string {
  let color = colors.get(name);
  if (color === undefined) {
    color = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    colors.set(name, color);
  }
  return color;
}

export function onColorScheme(changed: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    colors.clear();
    changed();
  });
}
