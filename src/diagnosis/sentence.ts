import { safeName } from '../format.ts';

/**
 * A piece of a sentence. A file's name and a time are separate from the text, so that a client (the page, another program) can format them
 * without searching the sentence for them.
 */
export type SentencePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'time'; readonly at: string };

export type Sentence = readonly SentencePart[];

export const filePart = (path: string): SentencePart => ({ kind: 'file', path });
export const timePart = (epochMs: number): SentencePart => ({ kind: 'time', at: new Date(epochMs).toISOString() });

type Piece = string | number | SentencePart | Sentence;

/** A template literal that keeps its parts: sentence`${filePart(path)} grows ${rate}`. Sentences within it are joined to it. */
export function sentence(texts: TemplateStringsArray, ...pieces: readonly Piece[]): Sentence {
  return joinParts(texts.flatMap((text, i) => [...partsOf(text), ...(i < pieces.length ? partsOf(pieces[i]!) : [])]));
}

function partsOf(piece: Piece): Sentence {
  if (typeof piece === 'object') return 'kind' in piece ? [piece] : piece;
  return piece === '' ? [] : [{ kind: 'text', text: String(piece) }];
}

/** Joins adjacent texts. */
function joinParts(parts: Sentence): Sentence {
  const joined: SentencePart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part.kind === 'text' && last?.kind === 'text') joined[joined.length - 1] = { kind: 'text', text: last.text + part.text };
    else joined.push(part);
  }
  return joined;
}

/** The sentence as plain text, for JSON, terminals, logs and webhooks. */
export const sentenceText = (parts: Sentence): string => parts.map(partText).join('');

function partText(part: SentencePart): string {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'file':
      return safeName(part.path);
    case 'time':
      return part.at;
    default:
      return part satisfies never;
  }
}
