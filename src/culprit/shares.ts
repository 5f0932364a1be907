/** What has less than this share of a whole is not named: a name would more often be wrong than right. */
export const LEAST_SHARE = 0.5;
/** At most so many groups are told, each with at least a hundredth of the whole. */
export const MOST_TOLD = 10;
export const LEAST_TOLD = 0.01;
