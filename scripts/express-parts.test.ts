import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Script } from 'node:vm';
import { build } from 'esbuild';
import { listenOnLoopback } from '../test/support/loopback.ts';
import { expressParts } from './express-parts.ts';

/** As the programs use it. */
const SERVER = `
import express from 'express';
module.exports = express().get('/', (_request, response) => response.type('html').send('<p>here</p>'));
`;

test('a bundled express serves without what parses bodies and serves folders', async () => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: SERVER, resolveDir: import.meta.dirname },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
    metafile: true,
    logLevel: 'silent',
    plugins: [expressParts()],
  });
  const packages = Object.keys(metafile.inputs).join('\n');
  assert.match(packages, /node_modules\/express\//);
  assert.doesNotMatch(packages, /node_modules\/(iconv-lite|raw-body|body-parser|serve-static)\//);
  const module: { exports?: (request: IncomingMessage, response: ServerResponse) => void } = {};
  const text = `(function(require,module){${outputFiles[0]?.text}\n})`;
  new Script(text).runInThisContext()(createRequire(import.meta.url), module);
  const server = createServer(module.exports ?? assert.fail('no express'));
  const url = `http://127.0.0.1:${await listenOnLoopback(server)}/`;
  try {
    const answer = await fetch(url);
    assert.equal(await answer.text(), '<p>here</p>');
    assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.equal((await fetch(`${url}absent`)).status, 404);
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});
