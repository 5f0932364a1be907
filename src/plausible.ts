/**
 * What numbers, names and texts from outside may be. The watched container can put its own files over those of the kernel, and owns what its JVM
 * says, so each source checks what it parses here: what is not possible is absent, and a reason says so.
 */

/** Physical addresses have at most 52 bits, on x86-64 and on arm64; no figure of a machine's memory, nor a count of its pages, is larger. */
const MAX_BYTES = 2 ** 52;

/** A size or a count; null: it cannot be one. */
export const plausible = (value: number): number | null => (value >= 0 && value <= MAX_BYTES ? value : null);

/** A text of the container at a length that people read. */
export const bounded = (text: string, most = 200): string => (text.length <= most ? text : `${text.slice(0, most)}…`);

const MAX_NAME_LENGTH = 100;

/** Whether a key may be the name of a field. Not what every JavaScript object has, such as `constructor`: records of fields are plain objects. */
export const isFieldKey = (key: string): boolean => key !== '' && key.length <= MAX_NAME_LENGTH && !(key in Object.prototype);
