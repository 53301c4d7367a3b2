// What the page knows: the last look at the system, how lags were, and whether news still come.
import { events, get, Unauthenticated } from './api.js';
import { Lags } from './lags.js';

const SILENCE_MS = 3_500; // looks come every second
const RETRY_MS = [250, 500, 1_000, 2_000, 5_000];

export class Store {
  look = null;
  lags = new Lags();
  connected = false;
  lastNews = null;
  needsToken = false;
  tokenRefused = false;
  notices = [];

  trouble = 'Connecting.';

  #ahead = 0;
  #hadToken = false;
  #listeners = new Set();

  listen(listener) {
    this.#listeners.add(listener);
  }

  changed() {
    this.#listeners.forEach((listener) => listener());
  }

  notice(text, isBad = false) {
    const notice = { text, isBad, key: crypto.randomUUID?.() ?? String(Math.random()) };
    this.notices = [notice, ...this.notices].slice(0, 3);
    this.changed();
    setTimeout(() => {
      this.notices = this.notices.filter((other) => other !== notice);
      this.changed();
    }, 15_000);
  }

  // Has something done, and says what came of it.
  async act(work, done) {
    try {
      const answer = await work();
      this.notice(typeof done === 'function' ? done(answer) : done);
      return answer;
    } catch (failure) {
      if (failure instanceof Unauthenticated) {
        this.needsToken = true;
      }
      this.notice(failure.message || 'It needs the operators\' token.', true);
      return null;
    }
  }

  async follow() {
    for (let attempt = 0; ; attempt++) {
      try {
        const opened = () => get('/api/history?last=15m').then((told) => this.lags.merge(told), () => {});
        const seen = (look) => {
          attempt = 0;
          this.#seen(look);
        };
        await events('/api/stream', opened, seen, SILENCE_MS);
        this.trouble = 'The gateway ended the connection.';
      } catch (failure) {
        this.trouble = failure.name === 'AbortError' ? 'The gateway does not answer.' : failure.message;
        if (failure instanceof Unauthenticated) {
          this.tokenRefused = this.#hadToken;
          this.#hadToken = true;
          this.needsToken = true;
          this.connected = false;
          this.changed();
          return;
        }
      }
      this.connected = false;
      this.changed();
      await this.#pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
    }
  }

  // A page that wakes up tries at once.
  #pause(milliseconds) {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        removeEventListener('online', wake);
        document.removeEventListener('visibilitychange', wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      addEventListener('online', wake);
      document.addEventListener('visibilitychange', wake);
    });
  }

  // The gateway's clock, which may differ from the browser's.
  now() {
    return Date.now() - this.#ahead;
  }

  #seen(look) {
    if (look.at === this.look?.at) {
      return; // a look that was told again is no news
    }
    this.#ahead = Date.now() - Date.parse(look.at);
    this.trouble = '';
    this.look = look;
    this.connected = true;
    this.lastNews = Date.now();
    this.lags.add(look);
    this.changed();
  }
}
