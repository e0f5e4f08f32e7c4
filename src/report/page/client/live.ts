/** Live mode: the server says when something changed, the page fetches the data anew. */
import type { PageData } from '../data.js';
import { byId } from './dom.js';

/** Calls `update` with fresh data at each change, one fetch at a time; shows whether the server is there. */
export function follow(update: (data: PageData) => void): void {
  const status = byId('status');
  let busy = false;
  let again = false;
  const refresh = async (): Promise<void> => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const answer = await fetch('data.json', { cache: 'no-store' });
      if (answer.ok) update((await answer.json()) as PageData);
    } catch {
      // The server is gone for now; the event source reconnects, and its `open` refreshes.
    } finally {
      busy = false;
      if (again) {
        again = false;
        void refresh();
      }
    }
  };
  // EventSource reconnects by itself after a lost connection.
  const events = new EventSource('events');
  events.addEventListener('open', () => {
    status.textContent = 'live';
    status.className = 'on';
    void refresh();
  });
  events.addEventListener('change', () => void refresh());
  events.addEventListener('error', () => {
    status.textContent = 'waiting for the server';
    status.className = 'off';
  });
}
