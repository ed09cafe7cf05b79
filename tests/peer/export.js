// export.js NETC DIR TOP: networks of the examples and the tests as netc export writes them, by ONNX Runtime, and by netc's evaluator.  Prints a table
// in Markdown; exit status 1 if a result differs by more than is allowed.  DIR takes what is written.
'use strict';
const fs = require('fs');
const path = require('path');
const { execFileSync } = require('child_process');
const npy = require('./npy');
const runtimes = require('./runtimes');
const { Random } = require('./random');
const { differences, most, top, EXACT } = require('./compare');
const [netc, dir, root] = process.argv.slice(2);

const INPUTS = 3;              // of each network
const F32_LIMIT = 1e-5;        // of the largest magnitude
const LSB_LIMIT = 4;           // of a whole network in int8
const random = ['--random-weights'];
const networks = [['examples/kws/kws.net', random], ['examples/resnet8/resnet8.net', random], ['examples/resnet8/resnet8_f32.net', random],
	['examples/vww/vww.net', random], ['examples/vww/vww_f32.net', random], ['examples/ad/ad.net', random], ['examples/ad/ad_f32.net', random],
	['examples/shufflenet/shufflenet32.net', random], ['examples/digits/digits.net', []], ['tests/export/f32.net', []], ['tests/export/i8.net', []]];

const run = (...args) => execFileSync(netc, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });
const count = (dims) => dims.reduce((a, b) => a * b, 1);

// A seeded array for the input T.
function array({ dtype, shape }, seed) {
	const values = new Random(seed).uniform(count(shape), -1, 1);
	return { dims: shape, data: dtype === 'i8' ? Int8Array.from(values, (v) => Math.floor(v * 128)) : values };
}

// An array as the model has it: [h, w, c] as [1, c, h, w], others behind a batch of 1.  BACK: the other way.
function asModel({ dims, data }, shape, back) {
	if (shape.length !== 3)
		return { dims: back ? shape : [1, ...shape], data };
	const [h, w, c] = shape, out = data.slice();
	for (let i = 0; i < h * w; i++)
		for (let k = 0; k < c; k++)
			out[back ? i * c + k : k * h * w + i] = data[back ? k * h * w + i : i * c + k];
	return { dims: back ? shape : [1, c, h, w], data: out };
}

// The results of the evaluator, one for each of OUTPUTS.
function evaluate(net, options, inputs, outputs) {
	const files = inputs.map((a, i) => {
		const file = path.join(dir, `in${i}.npy`);
		npy.write(file, a);
		return file;
	});
	run('run', net, ...options, ...files, '-o', path.join(dir, 'found'));
	return outputs.map(({ name }) => npy.read(path.join(dir, 'found', `${name}.npy`)));
}

async function check(file, options) {
	const net = path.join(root, file), model = path.join(dir, 'export.onnx'), label = path.basename(file, '.net');
	const { inputs, outputs } = JSON.parse(run('report', net, ...options, '--json'));
	run('export', net, ...options, '-q', '-o', model);
	const session = await runtimes.onnx(fs.readFileSync(model), EXACT);
	let f32 = 0, lsb = 0, unequal = 0, all = 0, same = true;
	for (let k = 0; k < INPUTS; k++) {
		const arrays = inputs.map((t, i) => array(t, 1000 * k + i + 7)), expected = evaluate(net, options, arrays, outputs);
		const results = await session.run(arrays.map((a) => asModel(a, a.dims)));
		outputs.forEach((t, i) => {
			const found = asModel(results[i], t.shape, true), d = differences(found, expected[i]);
			if (t.dtype === 'f32') {
				f32 = Math.max(f32, most(d, 0) / (most(expected[i].data.map(Math.abs), 0) || 1));
			} else {
				lsb = Math.max(lsb, most(d, 0));
				unequal += d.filter((v) => v > 0).length;
				all += d.length;
			}
			same = same && (outputs.length > 1 || top(found) === top(expected[i]));
		});
	}
	const good = f32 <= F32_LIMIT && lsb <= LSB_LIMIT && same;
	console.log(`| ${label} | ${all ? '' : f32.toExponential(1)} | ${all ? `${lsb} lsb in ${(100 * unequal / all).toFixed(1)} %` : ''} | `
		+ `${outputs.length > 1 ? '' : same ? 'same' : 'differs'} | ${good ? 'ok' : 'FAILED'} |`);
	return good;
}

async function main() {
	let good = true;
	console.log('| exported network | f32 | int8 | top-1 | |\n|---|---|---|---|---|');
	for (const [file, options] of networks)
		good = await check(file, options) && good;
	console.log(good ? '\npeer-check: exported networks agree' : '\npeer-check: exported networks differ');
	process.exitCode = good ? 0 : 1;
}

main();
