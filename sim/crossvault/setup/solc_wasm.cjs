#!/usr/bin/env node
// Native-solc look-alike around the npm package `solc` (Emscripten soljson).
// Usage: node solc_wasm.cjs <dir of the npm package solc> [solc arguments]
// Understands what py-solc-x / ape-solidity / crytic-compile pass:
//   --version --help --standard-json [file] --combined-json LIST [files|-]
//   --base-path P --include-path P --allow-paths A,B --optimize --optimize-runs N --via-ir
//   --evm-version V  remap=path  -o/--output-dir, --overwrite (accepted, ignored)
'use strict';
const fs = require('fs'), path = require('path'), crypto = require('crypto'), os = require('os');

const pkg = process.argv[2];
const args = process.argv.slice(3);

function loadSoljson() {
  const js = path.join(pkg, 'soljson.js');
  // soljson.js carries its wasm as base64+LZ4 text and spends ~0.5 s unpacking it in JS.
  // Keep the unpacked wasm and the JS glue beside it (cache dir), if a cache dir is given.
  const cache = process.env.SOLC_WASM_CACHE;
  if (!cache) return require(js);
  const st = fs.statSync(js);
  const key = `soljson-${st.size}-${Math.floor(st.mtimeMs)}`;
  const wasmFile = path.join(cache, key + '.wasm'), glueFile = path.join(cache, key + '.cjs');
  if (!fs.existsSync(glueFile)) {
    const src = fs.readFileSync(js, 'utf8');
    const a = src.indexOf('})("'), b = a < 0 ? -1 : src.indexOf('"', a + 4), e = b < 0 ? -1 : src.indexOf(';', b);
    if (e < 0 || !src.startsWith('var Module = Module || {};')) return require(js);
    const M = new Function(src.slice(0, e + 1) + '\nreturn Module;')();
    fs.mkdirSync(cache, { recursive: true });
    const put = (f, d) => { const t = f + '.' + process.pid; fs.writeFileSync(t, d); fs.renameSync(t, f); };
    put(wasmFile, M.wasmBinary);
    put(glueFile, 'var Module = {};\nModule["wasmBinary"] = require("fs").readFileSync(require("path").join(__dirname, ' +
      JSON.stringify(key + '.wasm') + '));\n' + src.slice(e + 1));
  }
  return require(glueFile);
}

function loadSolc() {
  const before = process.listeners('uncaughtException');
  const beforeR = process.listeners('unhandledRejection');
  const soljson = loadSoljson();
  for (const [ev, keep] of [['uncaughtException', before], ['unhandledRejection', beforeR]])
    for (const l of process.listeners(ev)) if (!keep.includes(l)) process.removeListener(ev, l);
  return require(path.join(pkg, 'wrapper.js'))(soljson);
}

function die(msg, code = 1) { fs.writeSync(2, msg + '\n'); process.exit(code); }
function out(text) {           // synchronous full write, pipes included
  const buf = Buffer.from(text, 'utf8');
  let off = 0;
  while (off < buf.length) {
    try { off += fs.writeSync(1, buf, off); } catch (e) { if (e.code !== 'EAGAIN') throw e; }
  }
}

const o = { include: [], allow: [], files: [], remap: [] };
for (let i = 0; i < args.length; i++) {
  let a = args[i], v;
  const eq = a.startsWith('--') ? a.indexOf('=') : -1;
  if (eq > 0) { v = a.slice(eq + 1); a = a.slice(0, eq); }
  const val = () => (v !== undefined ? v : args[++i]);
  switch (a) {
    case '--version': o.version = true; break;
    case '--help': o.help = true; break;
    case '--standard-json': o.std = true; break;
    case '--combined-json': o.combined = val(); break;
    case '--base-path': o.base = val(); break;
    case '-I': case '--include-path': o.include.push(val()); break;
    case '--allow-paths': o.allow.push(...val().split(',').filter(Boolean)); break;
    case '--optimize': o.optimize = true; break;
    case '--optimize-runs': o.runs = Number(val()); break;
    case '--via-ir': o.viaIR = true; break;
    case '--evm-version': o.evm = val(); break;
    case '-o': case '--output-dir': val(); break;
    case '--overwrite': case '--pretty-json': break;
    default:
      if (a === '-') o.files.push('-');
      else if (a.startsWith('-')) die(`unrecognised option '${a}'`);
      else if (a.includes('=')) o.remap.push(a);
      else o.files.push(a);
  }
}

const COMBINED = 'abi,ast,bin,bin-runtime,devdoc,srcmap,srcmap-runtime,userdoc';
if (o.help) {
  out(`solc, the Solidity commandline compiler (WebAssembly build of the npm package solc).\n\nAllowed options:\n  --version\n  --standard-json\n  --combined-json ${COMBINED}\n`);
  process.exit(0);
}
if (o.version) {
  const v = loadSolc().version();
  out(`solc, the solidity compiler commandline interface\nVersion: ${v}\n`);
  process.exit(0);
}

const roots = [o.base || (o.std ? '' : process.cwd()), ...o.include];
const allowed = [...roots.map(r => path.resolve(r || '.')), ...o.allow.map(p => path.resolve(p))];
const real = p => { try { return fs.realpathSync(p); } catch { return path.resolve(p); } };
const allowedReal = allowed.map(real);
function inside(p) {
  const r = real(p);
  return allowedReal.some(a => r === a || r.startsWith(a.endsWith('/') ? a : a + '/'));
}
function readCallback(src) {
  if (src.startsWith('file://')) src = src.slice(7);
  let outside = false;
  for (const root of path.isAbsolute(src) ? [''] : roots) {
    const f = root ? path.join(root, src) : src;
    if (!fs.existsSync(f) || !fs.statSync(f).isFile()) continue;
    if (!inside(f)) { outside = true; continue; }
    return { contents: fs.readFileSync(f, 'utf8') };
  }
  return { error: outside ? 'File outside of allowed directories.' : 'File not found. Searched the following locations: ' + JSON.stringify(roots) + '.' };
}
const stdin = () => fs.readFileSync(0, 'utf8');
// ape-solidity asks for AST, docs and bytecode of every imported library source (contracts/.cache/...)
// and then throws them away; leaving them out of the request saves about a fifth of the time and
// changes nothing in the bytecode or metadata of the project's own contracts.
function trim(json) {
  if (!process.env.SOLC_WASM_TRIM) return json;
  let j; try { j = JSON.parse(json); } catch { return json; }
  const sel = j.settings && j.settings.outputSelection;
  if (!sel) return json;
  const own = Object.keys(sel).filter(k => k !== '*' && !k.includes('/.cache/'));
  if (!own.length || own.length === Object.keys(sel).length) return json;
  for (const k of Object.keys(sel)) if (!own.includes(k)) delete sel[k];
  return JSON.stringify(j);
}
const compile = json => loadSolc().compile(json, { import: readCallback });

if (o.std) {
  out(compile(trim(o.files.length && o.files[0] !== '-' ? fs.readFileSync(o.files[0], 'utf8') : stdin())) + '\n');
  process.exit(0);
}

if (o.combined !== undefined) {
  const sources = {};
  for (const f of o.files.length ? o.files : ['-']) {
    if (f === '-') sources['<stdin>'] = { content: stdin() };
    else sources[o.base ? path.relative(o.base, path.resolve(f)) : f] = { content: fs.readFileSync(f, 'utf8') };
  }
  const res = JSON.parse(compile(JSON.stringify({
    language: 'Solidity', sources,
    settings: {
      optimizer: { enabled: !!o.optimize, runs: o.runs || 200 },
      ...(o.viaIR ? { viaIR: true } : {}), ...(o.evm ? { evmVersion: o.evm } : {}),
      remappings: o.remap,
      outputSelection: { '*': { '*': ['abi', 'devdoc', 'userdoc', 'metadata', 'evm.bytecode', 'evm.deployedBytecode', 'evm.methodIdentifiers'], '': ['ast'] } },
    },
  })));
  const bad = (res.errors || []).filter(e => e.severity === 'error');
  for (const e of res.errors || []) fs.writeSync(2, (e.formattedMessage || e.message) + '\n');
  if (bad.length) process.exit(1);
  const contracts = {}, srcs = {};
  for (const [file, cs] of Object.entries(res.contracts || {}))
    for (const [name, c] of Object.entries(cs))
      contracts[`${file}:${name}`] = {
        abi: c.abi, bin: c.evm.bytecode.object, 'bin-runtime': c.evm.deployedBytecode.object,
        srcmap: c.evm.bytecode.sourceMap, 'srcmap-runtime': c.evm.deployedBytecode.sourceMap,
        devdoc: c.devdoc, userdoc: c.userdoc, metadata: c.metadata, hashes: c.evm.methodIdentifiers,
      };
  for (const [file, s] of Object.entries(res.sources || {})) srcs[file] = { AST: s.ast };
  out(JSON.stringify({ contracts, sources: srcs, sourceList: Object.keys(srcs), version: res.version || undefined }) + '\n');
  process.exit(0);
}
die('solc_wasm: nothing to do (use --standard-json or --combined-json)');
