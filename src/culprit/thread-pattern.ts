/** A number in hexadecimal digits, as a UUID is one. */
const NUMBER = /[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}|0x[\da-f]+|\d+/gi;

/** The same for threads of one pool. */
export const threadPattern = (name: string): string => name.replace(NUMBER, 'N');
