export type Outcome = 'right' | 'not known' | 'wrong';

/** How long memhound asks. */
export const FOR = '8s';

export const FLAGS = ['-XX:+UseSerialGC', '-Xmx384m', '-Xss256k', '-XX:TieredStopAtLevel=1'];
