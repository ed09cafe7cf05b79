// netc as a program: import a model, then compute with what was written.
'use strict';
const fs = require('fs');
const path = require('path');
const { execFileSync } = require('child_process');
const npy = require('./npy');

const run = (command, args) => execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });

class Netc {
	// NETC, CC: commands, the latter with options or without.  DIR: of one's own, removed by end().
	constructor(netc, cc, dir) {
		Object.assign(this, { netc, cc: cc.split(' '), dir, net: path.join(dir, 'model.net') });
		fs.mkdirSync(path.join(dir, 'found'), { recursive: true });
	}

	end() {
		fs.rmSync(this.dir, { recursive: true });
	}

	// Imports MODEL with TESTS of { inputs, outputs }, as its runtime has the arrays.  Gives the same tests as the .net has the arrays: the inputs
	// as files.  SHAPES: dimensions, by the names of the inputs that leave some open.
	import(model, tests, shapes = {}) {
		const files = tests.flatMap((t, k) => [...t.inputs, ...t.outputs].map((array, i) => {
			const file = path.join(this.dir, `test_${k}_${i}.npy`);
			npy.write(file, array);
			return file;
		}));
		const options = Object.entries(shapes).map(([name, dims]) => `--shape=${name}=${dims.join('x')}`);
		run(this.netc, ['import', '-q', '--name=model', '-o', this.dir, ...options, '--test', model, ...files]);
		run(this.netc, ['fmt', '--check', this.net]);
		const names = [...this.text().matchAll(/^ {4}output (\w+)/gm)].map((m) => m[1]);
		this.files = names.map((n) => path.join(this.dir, 'found', `${n}.npy`));
		return tests.map((t, k) => ({
			inputs: t.inputs.map((_, i) => path.join(this.dir, `model.test_${k + 1}.in${i}.npy`)),
			outputs: t.outputs.map((_, i) => npy.read(path.join(this.dir, `model.test_${k + 1}.out${i}.npy`))),
		}));
	}

	text() {
		return fs.readFileSync(this.net, 'utf8');
	}

	// The operations in the .net.
	operations() {
		const text = this.text(), blocks = [...text.matchAll(/^block (\w+)/gm)].map((m) => m[1]);
		const called = new Set([...text.matchAll(/\b([a-z]\w*)\(/g)].map((m) => m[1]));
		return [...called].filter((name) => !['tensor', 'file', 'channels', ...blocks].includes(name));
	}

	// The results by the evaluator.
	evaluate(inputs) {
		run(this.netc, ['run', this.net, ...inputs, '-o', path.join(this.dir, 'found')]);
		return this.files.map(npy.read);
	}

	// Builds the generated C.
	build() {
		const c = path.join(this.dir, 'c');
		this.program = path.join(c, 'run');
		run(this.netc, ['build', this.net, '--main', '--weights=bin', '-q', '-o', c]);
		const sources = fs.readdirSync(c).filter((f) => f.endsWith('.c')).map((f) => path.join(c, f));
		run(this.cc[0], [...this.cc.slice(1), '-std=gnu99', '-O2', `-I${c}`, ...sources, '-lm', '-o', this.program]);
	}

	// The results by the generated C.
	execute(inputs) {
		run(this.program, [...inputs, '-o', ...this.files]);
		return this.files.map(npy.read);
	}
}

module.exports = { Netc };
