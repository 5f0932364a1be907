import { fieldName, fieldRow } from '../fields.ts';
import { rateText, rateWithIntervalText } from '../format.ts';
import type { Growth } from './types.ts';

/** How fast it grows: "54 MB a day (90 %: 53 to 55)". */
export function growthText({ field, bytesPerHour, low, high }: Growth): string {
  if (fieldRow(fieldName(field)).unit !== 'bytes') return `${bytesPerHour.toFixed(1)} an hour`;
  return low === null || high === null ? rateText(bytesPerHour) : rateWithIntervalText(bytesPerHour, low, high);
}
