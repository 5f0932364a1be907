declare const MEMHOUND_VERSION: string | undefined;

/** Put in by the build; `dev` when the source is run as it is. */
export const VERSION = typeof MEMHOUND_VERSION === 'string' ? MEMHOUND_VERSION : 'dev';
