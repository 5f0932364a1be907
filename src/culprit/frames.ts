/** A place in a program. */
export interface Frame {
  /** "com.acme.OrderService.load" */
  readonly method: string;
  /** null: not recorded. */
  readonly line: number | null;
}

/** "com.acme.OrderService.load:88"; without the line where that is not known. */
export const frameText = ({ method, line }: Frame): string => (line === null ? method : `${method}:${line}`);

/** Classes of the JDK, with or without the module before them ("java.base@17/java.lang.Thread.run"). */
const OF_JDK = /^(?:[^(]*\/)?(?:java|javax|jdk|sun|com\.sun)\./;

/** Whether a class or a frame is the JDK's: then who called it says more. */
export const isOfJdk = (name: string): boolean => OF_JDK.test(name);

/** The first frame that is not the JDK's, or else the top one; null: there is none. */
export const firstOwnFrame = <F extends { readonly method: string }>(frames: readonly F[]): F | null =>
  frames.find(({ method }) => !isOfJdk(method)) ?? frames[0] ?? null;
