/**
 * Checks of numbers, names and texts from outside. The watched container can mount its own files over those of the kernel, and controls the
 * answers of its JVM. So each source checks its parsed values here. An impossible value is absent, with a reason.
 */

/** Physical addresses have at most 52 bits, on x86-64 and on arm64, so no size of a machine's memory and no count of its pages is larger. */
const MAX_BYTES = 2 ** 52;

/** A size or a count; null: the value is impossible. */
export const plausible = (value: number): number | null => (value >= 0 && value <= MAX_BYTES ? value : null);

/** A text of the container, cut to a readable length. */
export const bounded = (text: string, most = 200): string => (text.length <= most ? text : `${text.slice(0, most)}…`);

const MAX_NAME_LENGTH = 100;

/** Whether a key may be the name of a field. Properties of every JavaScript object, such as `constructor`, are excluded, because records of fields are plain objects. */
export const isFieldKey = (key: string): boolean => key !== '' && key.length <= MAX_NAME_LENGTH && !(key in Object.prototype);
