// Reads the model `items` of ClientsIT, and gives its commands, with the types that were generated: node out/client.js URL
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.d.ts';

const client = createClient<paths>({ baseUrl: process.argv[2] ?? '' });

const list = await client.GET('/items', {
  params: { query: { order: 'id', limit: 2, id: 'gt.1' }, header: { Prefer: 'count=exact' } },
});
assert.equal(list.error, undefined);
const rows: components['schemas']['Items'][] = list.data ?? [];
const names: (string | null)[] = rows.map((row) => row.name);
const ids: number[] = rows.map((row) => row.id);
assert.deepEqual(names, ['beta', 'gamma']);
assert.deepEqual(ids, [2, 3]);

const one = await client.GET('/items/{id}', { params: { path: { id: 1 } } });
const tags: (string | null)[] | null | undefined = one.data?.tags;
assert.deepEqual(tags, ['red']);

const refused = await client.GET('/items', { params: { query: { id: 'near.1' } } });
assert.equal(refused.error?.code, 'unknown-operator');

const added = await client.POST('/notes', {
  body: { text: 'Hello', labels: ['a', 'b'] },
  params: { header: { 'Idempotency-Key': 'of the client' } },
});
assert.equal(added.response.status, 201);
const labels: (string | null)[] | null | undefined = added.data?.labels;
assert.deepEqual(labels, ['a', 'b']);
assert.equal(added.response.headers.get('Location'), `/notes/${added.data?.id}`);

const loud = await client.POST('/notes', { body: { text: 'HELLO' } });
assert.equal(loud.error?.code, 'too-loud');
const empty = await client.POST('/notes', { body: { text: '' } });
const pointers: (string | undefined)[] | undefined = empty.error?.errors?.map((error) => error.pointer);
assert.deepEqual(pointers, ['/text']);

const unknown = await client.PUT('/notes/{id}', {
  params: { path: { id: 1 }, query: { dry: true }, header: { 'If-Match': '"v1"' } },
  body: { text: 'x' },
});
assert.equal(unknown.error?.code, 'unauthenticated');
console.log('read');
