// What the gateway is asked, with the operators' token where there has to be one.
const TOKEN = 'freshet-operator-token';

export class Unauthenticated extends Error {}

export const keepToken = (token) => sessionStorage.setItem(TOKEN, token);

function headers(more = {}) {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

async function answered(response) {
  if (response.status === 401) {
    throw new Unauthenticated();
  }
  const text = await response.text();
  let body;
  try {
    body = text === '' ? null : JSON.parse(text);
  } catch {
    throw new Error(`It answers ${response.status}, and no JSON.`);
  }
  if (!response.ok) {
    throw new Error(body?.detail ?? `It answers ${response.status}.`);
  }
  return body;
}

// A request into a network that is gone is not waited for as long as the browser would.
const ASK_MS = 5_000;
const CHANGE_MS = 11 * 60_000; // a model may take minutes to be verified

export const get = async (path) =>
  answered(await fetch(path, { headers: headers(), signal: AbortSignal.timeout(ASK_MS) }));

export const post = async (path, body) =>
  answered(
    await fetch(path, {
      method: 'POST',
      signal: AbortSignal.timeout(CHANGE_MS),
      headers: headers(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      body: body === undefined ? undefined : JSON.stringify(body),
    }),
  );

// Reads server-sent events until the stream ends, or none has come for as long as `silence` says.
// EventSource can't send a token.
export async function events(path, onOpen, onEvent, silence) {
  const abort = new AbortController();
  let watchdog;
  const heard = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => abort.abort(), silence);
  };
  heard();
  try {
    const response = await fetch(path, { headers: headers(), signal: abort.signal });
    if (response.status === 401) {
      throw new Unauthenticated();
    }
    if (!response.ok) {
      await answered(response);
    }
    onOpen();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
      const { value, done } = await reader.read();
      if (done) {
        return;
      }
      heard();
      text += value;
      let end;
      while ((end = text.indexOf('\n\n')) >= 0) {
        const data = text
          .slice(0, end)
          .split('\n')
          .filter((line) => line.startsWith('data: '))
          .map((line) => line.slice(6))
          .join('\n');
        text = text.slice(end + 2);
        if (data !== '') {
          onEvent(JSON.parse(data));
        }
      }
    }
  } finally {
    clearTimeout(watchdog);
    abort.abort();
  }
}
