import { isReadableIn, rateText, rateUnitOf } from '../format.ts';
import type { RuleContext } from './rule-context.ts';

/** A rate of the headline, in the unit of time in which it was told before while it is readable there. `of`: what grows so. */
export const steadyRateText = ({ steady }: Pick<RuleContext, 'steady'>, of: string, bytesPerHour: number): string =>
  rateText(
    bytesPerHour,
    steady.keep(`unit of the rate of ${of}`, rateUnitOf(bytesPerHour), {
      isSilent: (published) => isReadableIn(published, bytesPerHour),
      atOnce: () => true,
    }),
  );
