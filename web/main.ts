import 'uplot/dist/uPlot.min.css';
import './style/all.css';
import { SECOND_MS } from '../src/units.ts';
import { utcOffsetText } from './data/time-format.ts';
import { byId, onColorScheme, setText } from './dom.ts';
import { Page } from './page.ts';

const page = new Page();

byId('search').addEventListener('input', page.redrawFields);
byId('copy').addEventListener('click', () => page.copy());
onColorScheme(() => page.restyle());
document.addEventListener('visibilitychange', page.subscribeToTables);
setText(byId('zone'), `times in ${utcOffsetText(Date.now() / SECOND_MS)}`);
// The token is now in a cookie, so it is removed from the address bar and from links that are shared.
if (location.search.includes('token=')) history.replaceState(null, '', location.pathname);

void page.start();
performance.mark('memhound:asked');
