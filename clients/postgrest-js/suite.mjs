// Reads through a gateway with @supabase/postgrest-js: node suite.mjs URL. The model `items` is the one of ClientsIT.
import assert from 'node:assert/strict';
import { PostgrestClient } from '@supabase/postgrest-js';

const url = process.argv[2];
// The schema makes it send Accept-Profile, by which the gateway knows whose errors it expects.
const client = new PostgrestClient(url, { schema: 'read' });
const items = () => client.from('items');
let passed = 0;

async function check(name, body) {
  try {
    await body();
    passed++;
  } catch (failure) {
    console.error(`FAILED: ${name}\n${failure.stack}`);
    process.exitCode = 1;
  }
}

/** The ids of a query's rows, in order. */
async function ids(query) {
  const { data, error, status } = await query;
  assert.equal(error, null, JSON.stringify(error));
  assert.ok(status === 200 || status === 206);
  return data.map((row) => row.id);
}

const by = () => items().select('id').order('id');

const filters = [
  ['eq', (q) => q.eq('name', 'beta'), [2]],
  ['neq', (q) => q.neq('name', 'beta'), [1, 3, 4]],
  ['gt', (q) => q.gt('price', 2), [3, 4, 5]],
  ['gte', (q) => q.gte('price', 2), [2, 3, 4, 5]],
  ['lt', (q) => q.lt('price', 2), [1]],
  ['lte', (q) => q.lte('price', 2), [1, 2]],
  ['like', (q) => q.like('name', '%ta'), [2]],
  ['ilike', (q) => q.ilike('name', 'AL%'), [1]],
  ['likeAllOf', (q) => q.likeAllOf('name', ['%a%', '%mm%']), [3]],
  ['likeAnyOf', (q) => q.likeAnyOf('name', ['al%', 'be%']), [1, 2]],
  ['ilikeAllOf', (q) => q.ilikeAllOf('name', ['%A%', '%MM%']), [3]],
  ['ilikeAnyOf', (q) => q.ilikeAnyOf('name', ['AL%', 'BE%']), [1, 2]],
  ['match by regular expression', (q) => q.filter('name', 'match', '^[ab]'), [1, 2]],
  ['imatch by regular expression', (q) => q.filter('name', 'imatch', '^[AB]'), [1, 2]],
  ['is', (q) => q.is('name', null), [5]],
  ['isdistinct', (q) => q.filter('name', 'isdistinct', 'beta'), [1, 3, 4, 5]],
  ['in', (q) => q.in('name', ['alpha', 'delta, and more']), [1, 4]],
  ['not in', (q) => q.not('id', 'in', '(1,2,3)'), [4, 5]],
  ['contains array', (q) => q.contains('tags', ['red']), [1, 2]],
  ['contains json', (q) => q.contains('data', { kind: 'b' }), [2]],
  ['contains range', (q) => q.contains('during', '[3,4)'), [1, 2]],
  ['containedBy', (q) => q.containedBy('tags', ['red', 'blue']), [1, 2, 5]],
  ['rangeGt', (q) => q.rangeGt('during', '[1,10)'), [3, 4]],
  ['rangeGte', (q) => q.rangeGte('during', '[10,12)'), [3, 4]],
  ['rangeLt', (q) => q.rangeLt('during', '[10,20)'), [1, 2]],
  ['rangeLte', (q) => q.rangeLte('during', '[1,5)'), [1]],
  ['rangeAdjacent', (q) => q.rangeAdjacent('during', '[5,7)'), [1]],
  ['overlaps array', (q) => q.overlaps('tags', ['blue', 'green']), [2, 3]],
  ['overlaps range', (q) => q.overlaps('during', '[9,11)'), [3]],
  ['textSearch', (q) => q.textSearch('note', 'quick & fox'), [1]],
  ['textSearch plain', (q) => q.textSearch('note', 'lazy dog', { type: 'plain' }), [2]],
  ['textSearch phrase', (q) => q.textSearch('note', 'quick brown', { type: 'phrase' }), [1]],
  [
    'textSearch websearch',
    (q) => q.textSearch('note', 'fox or dog', { type: 'websearch', config: 'english' }),
    [1, 2],
  ],
  ['match', (q) => q.match({ name: 'beta', id: 2 }), [2]],
  ['not', (q) => q.not('name', 'is', null), [1, 2, 3, 4]],
  ['or', (q) => q.or('id.eq.1,and(id.gt.3,name.not.is.null)'), [1, 4]],
  ['filter', (q) => q.filter('name', 'in', '("beta","gamma")'), [2, 3]],
  ['json path', (q) => q.eq('data->>kind', 'a'), [1]],
  ['json path of a number', (q) => q.gt('data->size', 10), [2, 3]],
];

for (const [name, filter, expected] of filters) {
  await check(`filter ${name}`, async () => assert.deepEqual(await ids(filter(by())), expected));
}

await check('select of columns, aliases, casts and paths', async () => {
  const { data } = await items().select('nr:id,price::text,data->>kind').eq('id', 1);
  assert.deepEqual(data, [{ nr: 1, price: '1.50', kind: 'a' }]);
});

await check('order by several, with nulls first', async () => {
  assert.deepEqual(
    await ids(items().select('id').order('name', { nullsFirst: true, ascending: true }).order('id')),
    [5, 1, 2, 4, 3],
  );
  assert.deepEqual(await ids(items().select('id').order('id', { ascending: false })), [5, 4, 3, 2, 1]);
});

await check('limit and range', async () => {
  assert.deepEqual(await ids(by().limit(2)), [1, 2]);
  assert.deepEqual(await ids(by().range(1, 3)), [2, 3, 4]);
});

await check('count with and without rows', async () => {
  for (const count of ['exact', 'planned', 'estimated']) {
    const answer = await items().select('id', { count }).gt('id', 2).limit(1);
    assert.equal(answer.error, null);
    assert.equal(typeof answer.count, 'number');
  }
  const exact = await items().select('*', { count: 'exact' }).gt('id', 2).limit(1);
  assert.equal(exact.count, 3);
  assert.equal(exact.status, 206);
  const head = await items().select('*', { count: 'exact', head: true });
  assert.equal(head.count, 5);
  assert.equal(head.data, null);
});

await check('single', async () => {
  const one = await items().select('id,name').eq('id', 2).single();
  assert.deepEqual(one.data, { id: 2, name: 'beta' });
  const none = await items().select().eq('id', 99).single();
  assert.equal(none.status, 406);
  assert.equal(none.error.code, 'PGRST116');
  assert.equal(none.error.details, 'The result contains 0 rows');
  const many = await items().select().single();
  assert.equal(many.error.details, 'The result contains 5 rows');
});

await check('maybeSingle', async () => {
  assert.deepEqual((await items().select('id').eq('id', 2).maybeSingle()).data, { id: 2 });
  const none = await items().select().eq('id', 99).maybeSingle();
  assert.equal(none.data, null);
  assert.equal(none.error, null);
  assert.equal((await items().select().maybeSingle()).error.code, 'PGRST116');
});

await check('csv', async () => {
  const { data } = await items().select('id,name').lt('id', 3).order('id').csv();
  assert.equal(data, 'id,name\n1,alpha\n2,beta');
});

await check('aggregates', async () => {
  const { data } = await items().select('price.sum(),n:id.count()');
  assert.deepEqual(data, [{ sum: 15.5, n: 5 }]);
});

await check('a client without a schema', async () => {
  const bare = new PostgrestClient(url, { headers: { 'X-Client-Info': 'supabase-js-web/2.80.0' } });
  assert.deepEqual(await ids(bare.from('items').select('id').eq('id', 1)), [1]);
  assert.equal((await bare.from('items').select('nope')).error.code, '42703');
});

await check('a schema that there is not', async () => {
  const other = await client.schema('secret').from('items').select();
  assert.equal(other.status, 406);
  assert.equal(other.error.code, 'PGRST106');
});

const errors = [
  ['unknown column', items().select('nope'), 400, '42703'],
  ['unknown column in a filter', items().select().eq('nope', 1), 400, '42703'],
  ['unknown model', client.from('nothing_here').select(), 404, 'PGRST205'],
  ['unknown operator', items().select().filter('id', 'near', 1), 400, 'PGRST100'],
  ['value of another type', items().select().eq('id', 'x'), 400, '22P02'],
  ['embedding', items().select('id,orders(*)'), 400, 'PGRST200'],
  ['range beyond the end', items().select('*', { count: 'exact' }).range(100, 110), 416, 'PGRST103'],
  ['media type that there is not', items().select().geojson(), 406, 'PGRST107'],
];

for (const [name, query, status, code] of errors) {
  await check(`error of ${name}`, async () => {
    const answer = await query;
    assert.equal(answer.status, status, JSON.stringify(answer));
    assert.equal(answer.error.code, code);
    assert.deepEqual(Object.keys(answer.error).sort(), ['code', 'details', 'hint', 'message']);
    assert.equal(typeof answer.error.message, 'string');
    assert.equal(answer.data, null);
  });
}

await check('throwOnError throws', async () => {
  await assert.rejects(async () => items().select('nope').throwOnError(), { code: '42703' });
});

await check('abort', async () => {
  const aborted = await items().select().abortSignal(AbortSignal.abort());
  assert.match(aborted.error.message, /abort/i);
});

await check('a copy that is away is an error of status 503 with a time to try again', async () => {
  let retryAfter = null;
  const watching = new PostgrestClient(url, {
    schema: 'read',
    fetch: async (...request) => {
      const answer = await fetch(...request);
      retryAfter = answer.headers.get('retry-after');
      return answer;
    },
  });
  const answer = await watching.from('away').select();
  assert.equal(answer.status, 503);
  assert.equal(answer.error.code, 'PGRST001');
  assert.equal(typeof answer.error.message, 'string');
  assert.equal(retryAfter, '1');
});

console.log(`${passed} passed`);
