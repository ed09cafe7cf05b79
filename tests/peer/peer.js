// peer.js NETC CC DIR: networks and models through netc and through the models' own runtimes, on the same inputs.  Prints a table in
// Markdown; exit status 1 if a result differs by more than is allowed.  DIR has the packages (node_modules) and takes what is written.
'use strict';
const fs = require('fs');
const path = require('path');
const { execFileSync } = require('child_process');
const [netc, cc, dir] = process.argv.slice(2);

module.paths.unshift(path.join(dir, 'node_modules'));
process.env.NODE_PATH = path.join(dir, 'node_modules');
require('module').Module._initPaths();
const npy = require('./npy');
const runtimes = require('./runtimes');
const { Random } = require('./random');
const { encode } = require('./onnx');
const { foldBatchnorm, quantise } = require('./quantise');

const INPUTS = 3;              // of each model
const CALIBRATION = 8;         // inputs whose ranges the scales are made of
const F32_LIMIT = 1e-4;        // of the largest magnitude
const LSB_LIMIT = 1;
// ONNX Runtime's products of int8 and uint8 saturate at 16 bits on processors that have no instruction for them, unless told otherwise.
const EXACT = { extra: { session: { x64quantprecision: '1' } } };

const run = (command, args) => execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });
const random = (dims, seed, [lo, hi]) => ({ dims, data: new Random(seed).uniform(dims.reduce((a, b) => a * b, 1), lo, hi) });
const largest = (data) => data.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
const top = (data) => data.indexOf(data.reduce((a, b) => Math.max(a, b)));

// The largest difference of two arrays, by the largest magnitude of the second.
function difference(found, expected) {
	if (found.data.length !== expected.data.length)
		return Infinity;
	const most = found.data.reduce((m, v, i) => { const d = Math.abs(v - expected.data[i]); return d <= m ? m : d; }, 0);
	return Number.isNaN(most) ? Infinity : most / (largest(expected.data) || 1);
}

// Import MODEL with TESTS of { inputs, outputs }, the arrays of its runtime; gives the same tests in the layout of the .net.
function importModel(out, model, tests, shape) {
	const files = tests.flatMap((t, k) => [...t.inputs, ...t.outputs].map((array, i) => {
		const file = path.join(out, `test_${k}_${i}.npy`);
		npy.write(file, array);
		return file;
	}));
	const shapes = Object.entries(shape || {}).map(([name, dims]) => `--shape=${name}=${dims.join('x')}`);
	run(netc, ['import', '-q', '--name=model', '-o', out, ...shapes, '--test', model, ...files]);
	run(netc, ['fmt', '--check', path.join(out, 'model.net')]);
	return tests.map((t, k) => ({
		inputs: t.inputs.map((_, i) => path.join(out, `model.test_${k + 1}.in${i}.npy`)),
		outputs: t.outputs.map((_, i) => npy.read(path.join(out, `model.test_${k + 1}.out${i}.npy`))),
	}));
}

// The names of the network's outputs, in order.
const outputNames = (net) => [...fs.readFileSync(net, 'utf8').matchAll(/^ {4}output (\w+)/gm)].map((m) => m[1]);

// A function that gives the results of input files by the evaluator, and one by the generated C.
function evaluators(out) {
	const net = path.join(out, 'model.net'), c = path.join(out, 'c'), program = path.join(c, 'run');
	const names = outputNames(net);
	run(netc, ['build', net, '--main', '--weights=bin', '-q', '-o', c]);
	const sources = fs.readdirSync(c).filter((f) => f.endsWith('.c')).map((f) => path.join(c, f));
	run(cc, ['-std=gnu99', '-O2', `-I${c}`, ...sources, '-lm', '-o', program]);
	const files = names.map((n) => path.join(out, 'found', `${n}.npy`));
	const results = () => files.map(npy.read);
	fs.mkdirSync(path.join(out, 'found'), { recursive: true });
	return [
		(inputs) => { run(netc, ['run', net, ...inputs, '-o', path.join(out, 'found')]); return results(); },
		(inputs) => { run(program, [...inputs, '-o', ...files]); return results(); },
	];
}

// Compare a model with its runtime's results; gives the largest difference of every output.
function compare(label, model, tests, shape) {
	const out = path.join(dir, 'out', label.replace(/\W+/g, '_'));
	fs.mkdirSync(out, { recursive: true });
	const written = importModel(out, model, tests, shape);
	const found = evaluators(out).map((evaluate) => written.map((t) => evaluate(t.inputs)));
	const pairs = found.flatMap((results) => results.flatMap((r, k) => r.map((array, i) => ({ i, found: array, expected: written[k].outputs[i] }))));
	fs.rmSync(out, { recursive: true });
	return pairs;
}

const worst = (pairs) => pairs.reduce((m, p) => Math.max(m, difference(p.found, p.expected)), 0);
const sameTop = (pairs) => pairs.every((p) => top(p.found.data) === top(p.expected.data));
const operators = (nodes) => [...new Set(nodes.map((n) => n.op))].join(' ');

let failed = 0;

function row(good, ...cells) {
	failed += good ? 0 : 1;
	console.log(`| ${[...cells, good ? 'ok' : 'FAILED'].join(' | ')} |`);
}

async function testsOf(session, dims, range) {
	const tests = [];
	for (let k = 0; k < INPUTS; k++) {
		const inputs = dims.map((d, i) => random(d, 1000 * k + i + 7, range));
		tests.push({ inputs, outputs: await session.run(inputs) });
	}
	return tests;
}

function saveModel(g) {
	const file = path.join(dir, `${g.name}.onnx`), bytes = encode(g);
	fs.writeFileSync(file, bytes);
	return { file, bytes };
}

async function checkFloat(g) {
	const { file, bytes } = saveModel(g);
	const tests = await testsOf(await runtimes.onnx(bytes), [g.inputs[0].dims], [-1, 1]);
	const pairs = compare(g.name, file, tests), d = worst(pairs), classes = pairs[0].expected.dims.length <= 2;
	row(d <= F32_LIMIT && (!classes || sameTop(pairs)), g.name, operators(g.nodes), d.toExponential(1), classes ? sameTop(pairs) ? 'same' : 'differs' : '');
}

// The ranges of all tensors of G.
async function calibrate(g) {
	const session = await runtimes.onnx(encode({ ...g, outputs: g.nodes.map((n) => ({ name: n.outputs[0] })) }));
	const ranges = { input: { min: -1, max: 1 } };
	for (let k = 0; k < CALIBRATION; k++) {
		const results = await session.run([random(g.inputs[0].dims, 50 + k, [-1, 1])]);
		results.forEach(({ data }, i) => {
			const r = ranges[session.names[i]] || { min: Infinity, max: -Infinity };
			ranges[session.names[i]] = { min: data.reduce((a, b) => Math.min(a, b), r.min), max: data.reduce((a, b) => Math.max(a, b), r.max) };
		});
	}
	return ranges;
}

async function checkQuantised(float, type) {
	const folded = foldBatchnorm(float), g = quantise(folded, await calibrate(folded), type);
	const { file, bytes } = saveModel(g);
	const tests = await testsOf(await runtimes.onnx(bytes, EXACT), [g.inputs[0].dims], [-1, 1]);
	const i = g.outputs.length - 1, classes = g.outputs.length > 1;
	const pairs = compare(g.name, file, tests).filter((p) => p.i === i);
	const scale = g.consts[g.nodes.find((n) => n.outputs[0] === g.outputs[i].name).inputs[1]].data[0];
	let lsb = 0, unequal = 0, count = 0;
	for (const { found, expected } of pairs)
		found.data.forEach((v, k) => {
			const d = Math.round(Math.abs(v - expected.data[k]) / scale);
			lsb = Math.max(lsb, d);
			unequal += d ? 1 : 0;
			count++;
		});
	row(lsb <= LSB_LIMIT && (!classes || sameTop(pairs)), g.name, operators(g.nodes), `${lsb} lsb in ${(100 * unequal / count).toFixed(1)} %`,
		classes ? sameTop(pairs) ? 'same' : 'differs' : '');
}

async function checkModel({ package: from, model, shape, range }) {
	const file = path.join(dir, 'node_modules', from, model);
	const runtime = model.endsWith('.onnx') ? runtimes.onnx : runtimes.tflite;
	const session = await runtime(fs.readFileSync(file));
	const dims = session.inputs.map((i) => shape && shape[i.name] || i.dims);
	const d = worst(compare(path.basename(model), file, await testsOf(session, dims, range), shape));
	row(d <= F32_LIMIT, `${from} ${path.basename(model)}`, dims.map((s) => s.join('x')).join(', '), d.toExponential(1));
}

async function attempt(label, check) {
	try {
		await check();
	} catch (e) {
		row(false, label, String(e.stderr || e.stack).trim().split('\n').slice(0, 4).join(' '));
	}
}

async function main() {
	console.log('| network | operators | largest difference | top-1 | |\n|---|---|---|---|---|');
	for (const net of require('./nets')) {
		await attempt(net.name, () => checkFloat(net()));
		for (const type of ['i8', 'u8'])
			await attempt(`${net.name} ${type}`, () => checkQuantised(net(), type));
	}
	console.log('\n| model | input | largest difference | |\n|---|---|---|---|');
	for (const m of require('./models').models)
		if (fs.existsSync(path.join(dir, 'node_modules', m.package)))
			await attempt(m.model, () => checkModel(m));
	process.exitCode = failed ? 1 : 0;
}

main();
