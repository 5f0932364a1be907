import { KIB } from '../../units.ts';

/**
 * Requests and replies of the attach protocol. Version 1: "1", the command and exactly three arguments, each ended by NUL. Version 2
 * (JDK 24): "2", the size of the rest as decimal text, then the command and any number of arguments. A reply is a decimal code, a line feed,
 * and text until the JVM closes the connection. Source: openjdk/jdk src/hotspot/share/services/attachListener.cpp.
 */
export const V1_ARGUMENTS = 3;
const LONGEST_V1_COMMAND = 16;
const LONGEST_V1_ARGUMENT = 1024;
const LONGEST_V2 = 256 * KIB;

export type EncodedRequest =
  | { readonly state: 'made'; readonly bytes: Buffer }
  | { readonly state: 'refused'; readonly error: string };

export function encodeRequest(version: 1 | 2, command: string, args: readonly string[]): EncodedRequest {
  if ([command, ...args].some((s) => s.includes('\0'))) return refused('a command and its arguments may not hold NUL');
  if (version === 1) {
    if (Buffer.byteLength(command) > LONGEST_V1_COMMAND) return refused(`command expected within ${LONGEST_V1_COMMAND} bytes`);
    if (args.length > V1_ARGUMENTS) return refused(`expected at most ${V1_ARGUMENTS} arguments, found ${args.length}`);
    if (args.some((a) => Buffer.byteLength(a) > LONGEST_V1_ARGUMENT))
      return refused(`each argument expected within ${LONGEST_V1_ARGUMENT} bytes`);
    const all = [...args, ...Array<string>(V1_ARGUMENTS - args.length).fill('')];
    return { state: 'made', bytes: Buffer.from(['1', command, ...all, ''].join('\0')) };
  }
  const body = Buffer.from([command, ...args, ''].join('\0'));
  if (body.length > LONGEST_V2) return refused(`expected at most ${LONGEST_V2} bytes, found ${body.length}`);
  return { state: 'made', bytes: Buffer.concat([Buffer.from(`2\0${body.length}\0`), body]) };
}

const refused = (error: string): EncodedRequest => ({ state: 'refused', error: `attach request: ${error}` });

/** The JVM does not support that version of the protocol. */
export const BAD_VERSION = 101;

export type DecodedReply =
  | { readonly state: 'answered'; readonly text: string }
  | { readonly state: 'refused'; readonly code: number; readonly text: string }
  | { readonly state: 'garbled' };

export function decodeReply(bytes: Uint8Array): DecodedReply {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const line = /^(-?\d{1,6})\n/.exec(text);
  if (line === null) return { state: 'garbled' };
  const rest = text.slice(line[0].length);
  const code = Number(line[1]);
  return code === 0 ? { state: 'answered', text: rest } : { state: 'refused', code, text: rest };
}
