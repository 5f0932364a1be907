declare const MEMHOUND_VERSION: string | undefined;

/** Set by the build; `dev` if memhound runs from source. */
export const VERSION = typeof MEMHOUND_VERSION === 'string' ? MEMHOUND_VERSION : 'dev';
