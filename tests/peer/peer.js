// peer.js NETC CC DIR: networks and models through netc and through the models' own runtimes, on the same inputs.  Prints tables in
// Markdown; exit status 1 if a result differs by more than is allowed.  DIR takes what is written.
'use strict';
const fs = require('fs');
const path = require('path');
const { Netc } = require('./netc');
const runtimes = require('./runtimes');
const { Random } = require('./random');
const { encode } = require('./onnx');
const { foldBatchnorm, quantise } = require('./quantise');
const { layers } = require('./layers');
const { differences, most, top, EXACT } = require('./compare');
const [netc, cc, dir] = process.argv.slice(2);

const INPUTS = 3;              // of each model
const CALIBRATION = 8;         // inputs whose ranges the scales are made of
const F32_LIMIT = 1e-4;        // of the largest magnitude
const OWN_LIMIT = 4;           // a pretrained model may differ by so many times the runtime's own error
const MOVES = 4;               // of each input, to find that error
const LSB_LIMIT = 1;           // of an operation

// ---- arrays ----

const random = (dims, seed, [lo, hi]) => ({ dims, data: new Random(seed).uniform(dims.reduce((a, b) => a * b, 1), lo, hi) });
const least = (data, start) => data.reduce((a, b) => Math.min(a, b), start);

// The largest, by the largest magnitude of the second.
const difference = (found, expected) => most(differences(found, expected), 0) / (most(expected.data.map(Math.abs), 0) || 1);

// ---- the two sides ----

const inputsOf = (k, dims, range) => dims.map((d, i) => random(d, 1000 * k + i + 7, range));

async function testsOf(session, dims, range) {
	const tests = [];
	for (let k = 0; k < INPUTS; k++) {
		const inputs = inputsOf(k, dims, range);
		tests.push({ inputs, outputs: await session.run(inputs) });
	}
	return tests;
}

// What evaluator and generated C find, each beside the runtime's array: { test, output, found, expected }.
function compare(model, tests, shapes) {
	const n = new Netc(netc, cc, path.join(dir, 'work'));
	try {
		const written = n.import(model, tests, shapes);
		n.build();
		const pairs = written.flatMap((t, test) => [n.evaluate(t.inputs), n.execute(t.inputs)].flatMap((results) =>
			results.map((found, output) => ({ test, output, found, expected: t.outputs[output] }))));
		return { pairs, operations: n.operations() };
	} finally {
		n.end();
	}
}

// ---- the tables ----

let failed = 0;

function row(good, ...cells) {
	failed += good ? 0 : 1;
	console.log(`| ${[...cells, good ? 'ok' : 'FAILED'].join(' | ')} |`);
}

const operators = (nodes) => [...new Set(nodes.map((n) => n.op))].filter((op) => !op.endsWith('Linear')).join(' ');
const saysTop = (pairs) => pairs.every((p) => top(p.found) === top(p.expected)) ? 'same' : 'differs';

function save(g) {
	const file = path.join(dir, `${g.name}.onnx`), bytes = encode(g);
	fs.writeFileSync(file, bytes);
	return { file, bytes };
}

// ---- networks of f32 ----

async function checkFloat(g) {
	const { file, bytes } = save(g);
	const tests = await testsOf(await runtimes.onnx(bytes), [g.inputs[0].dims], [-1, 1]);
	const { pairs } = compare(file, tests), found = most(pairs.map((p) => difference(p.found, p.expected)), 0), same = saysTop(pairs);
	row(found <= F32_LIMIT && same === 'same', g.name, operators(g.nodes), found.toExponential(1), '', same);
}

// ---- quantised networks ----

// The ranges of all tensors of G.
async function calibrate(g) {
	const session = await runtimes.onnx(encode({ ...g, outputs: g.nodes.map((n) => ({ name: n.outputs[0] })) }));
	const ranges = { input: { min: -1, max: 1 } };
	for (let k = 0; k < CALIBRATION; k++) {
		const results = await session.run([random(g.inputs[0].dims, 50 + k, [-1, 1])]);
		results.forEach(({ data }, i) => {
			const r = ranges[session.names[i]] || { min: 0, max: 0 };
			ranges[session.names[i]] = { min: least(data, r.min), max: most(data, r.max) };
		});
	}
	return ranges;
}

// By how many units of SCALE the arrays differ: the most, and the share of elements.
function units(pairs, scale) {
	const all = pairs.flatMap((p) => differences(p.found, p.expected)).map((d) => Math.round(d / scale));
	return { most: most(all, 0), share: all.filter((d) => d > 0).length / all.length };
}

const saysUnits = (u) => `${u.most} lsb in ${(100 * u.share).toFixed(1)} %`;

// Each layer of G by itself, on what the runtime gives of the layers before.
async function checkLayers(g) {
	const values = { [g.inputs[0].name]: inputsOf(0, [g.inputs[0].dims], [-1, 1])[0] }, all = [];
	for (const part of layers(g)) {
		const inputs = part.inputs.map((i) => values[i.from]);
		const { file, bytes } = save({ ...part, name: 'layer', inputs: part.inputs.map(({ name }, i) => ({ name, dims: inputs[i].dims })) });
		const outputs = await (await runtimes.onnx(bytes, EXACT)).run(inputs);
		const { pairs } = compare(file, [{ inputs, outputs }]);
		values[part.outputs[0].name] = outputs[0];
		// An average with a scale of its own is two operations: the average, then its new scale.
		const found = units(pairs, part.scale), limit = part.nodes.some((n) => n.op === 'AveragePool') ? 2 * LSB_LIMIT : LSB_LIMIT;
		all.push({ ...found, good: found.most <= limit });
	}
	return { good: all.every((u) => u.good), most: most(all.map((u) => u.most), 0), share: all.reduce((sum, u) => sum + u.share, 0) / all.length };
}

async function checkQuantised(float, type) {
	const folded = foldBatchnorm(float), g = quantise(folded, await calibrate(folded), type);
	const { file, bytes } = save(g);
	const tests = await testsOf(await runtimes.onnx(bytes, EXACT), [g.inputs[0].dims], [-1, 1]);
	const last = g.outputs.length - 1, { pairs } = compare(file, tests), integers = pairs.filter((p) => p.output === last);
	const scale = g.consts[g.nodes.find((n) => n.outputs[0] === g.outputs[last].name).inputs[1]].data[0];
	const each = await checkLayers(g), same = saysTop(integers);
	row(each.good && same === 'same', g.name, operators(g.nodes), saysUnits(units(integers, scale)), saysUnits(each), same);
}

// ---- pretrained models ----

// The inputs, each element moved by one rounding.
function moved(inputs, seed) {
	const r = new Random(seed);
	return inputs.map(({ dims, data }) => ({ dims, data: data.map((v) => v * (1 + (r.next() < 0.5 ? 1 : -1) * 2 ** -24)) }));
}

// Networks of many layers amplify roundings, and two programs that add in another order differ by as much.  How much that is shows the
// runtime itself, on inputs moved by one rounding: the largest difference of each output.
async function ownErrors(session, tests) {
	const own = tests[0].outputs.map(() => 0);
	for (const t of tests)
		for (let k = 0; k < MOVES; k++)
			(await session.run(moved(t.inputs, k))).forEach((y, i) => { own[i] = Math.max(own[i], difference(y, t.outputs[i])); });
	return own;
}

async function checkModel({ package: from, model, shapes, range }) {
	const file = path.join(dir, 'node_modules', from, model);
	const session = await (model.endsWith('.onnx') ? runtimes.onnx : runtimes.tflite)(fs.readFileSync(file));
	const tests = await testsOf(session, session.inputs.map((i) => shapes && shapes[i.name] || i.dims), range);
	const own = await ownErrors(session, tests), { pairs, operations } = compare(file, tests, shapes);
	const found = pairs.map((p) => ({ d: difference(p.found, p.expected), own: own[p.output] }));
	const worst = found.reduce((a, b) => a.d >= b.d ? a : b);
	row(found.every((f) => f.d <= Math.max(F32_LIMIT, OWN_LIMIT * f.own)), `${from} ${path.basename(model)}`, operations.join(' '),
		worst.d.toExponential(1), worst.own.toExponential(1));
}

// ---- all of it ----

async function attempt(label, check) {
	try {
		await check();
	} catch (e) {
		row(false, label, String(e.stderr || e.stack).trim().split('\n').slice(0, 4).join(' '));
	}
}

async function main() {
	console.log('Checked against: ' + ['onnxruntime-node', '@tensorflow/tfjs-tflite'].map((p) => {
		const about = JSON.parse(fs.readFileSync(path.join(dir, 'node_modules', p, 'package.json')));
		return `${p} ${about.version}`;
	}).join(', ') + '.\n');
	console.log('| network | operators | largest difference | of one layer | top-1 | |\n|---|---|---|---|---|---|');
	for (const net of require('./nets')) {
		await attempt(net.name, () => checkFloat(net()));
		for (const type of ['i8', 'u8'])
			await attempt(`${net.name}_${type}`, () => checkQuantised(net(), type));
	}
	console.log('\n| model | operations | largest difference | the runtime\'s own | |\n|---|---|---|---|---|');
	for (const m of require('./models').models) {
		if (fs.existsSync(path.join(dir, 'node_modules', m.package)))
			await attempt(m.model, () => checkModel(m));
		else
			console.log(`| ${m.package} ${path.basename(m.model)} | package not installed | | | skipped |`);
	}
	console.log(failed ? `\npeer-check: ${failed} failed` : '\npeer-check: all agree');
	process.exitCode = failed ? 1 : 0;
}

main();
