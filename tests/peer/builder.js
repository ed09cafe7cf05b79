// Networks of random weights, layer by layer, as graphs for onnx.js.  A layer is a method that takes names of tensors and gives one.
'use strict';
const { Random } = require('./random');

const product = (dims) => dims.reduce((a, b) => a * b, 1);

class Builder {
	// SHAPE: of the input, batch and channels first.
	constructor(name, seed, shape) {
		this.random = new Random(seed);
		this.graph = { name, inputs: [{ name: 'input', dims: shape }], outputs: [], consts: {}, nodes: [] };
		this.channels = { input: shape[1] };
	}

	constant(name, dims, data) {
		this.graph.consts[name] = { dims, data };
		return name;
	}

	ints(name, values) {
		return this.constant(name, [values.length], BigInt64Array.from(values, BigInt));
	}

	// Of CHANNELS channels; left out: as many as the first input.
	node(op, inputs, attrs, channels) {
		const name = `${op.toLowerCase()}_${this.graph.nodes.length}`;
		this.graph.nodes.push({ op, name, inputs, outputs: [name], attrs });
		this.channels[name] = channels || this.channels[inputs[0]];
		return name;
	}

	// The name that the next node is going to have, for its constants.
	next(op) {
		return `${op.toLowerCase()}_${this.graph.nodes.length}`;
	}

	weights(name, dims, fan) {
		return this.constant(name, dims, this.random.normal(product(dims), Math.sqrt(2 / fan)));
	}

	// KERNEL: [3, 3], or [5] in one dimension.
	conv(x, out, kernel, { stride = 1, group = 1, dilation = 1, same, bias = true } = {}) {
		const name = this.next('Conv'), inner = this.channels[x] / group;
		const inputs = [x, this.weights(`${name}.weight`, [out, inner, ...kernel], inner * product(kernel))];
		if (bias)
			inputs.push(this.constant(`${name}.bias`, [out], this.random.normal(out, 0.1)));
		const half = kernel.map((k) => (k - 1) * dilation >> 1);
		const pads = same ? { auto_pad: same } : { pads: [...half, ...half] };
		return this.node('Conv', inputs, { kernel_shape: kernel, strides: kernel.map(() => stride), dilations: kernel.map(() => dilation),
			group, ...pads }, out);
	}

	depthwise(x, kernel, options) {
		return this.conv(x, this.channels[x], kernel, { ...options, group: this.channels[x] });
	}

	// Twice the height and width.
	upconv(x, out) {
		const name = this.next('ConvTranspose'), inner = this.channels[x];
		const inputs = [x, this.weights(`${name}.weight`, [inner, out, 2, 2], inner), this.constant(`${name}.bias`, [out], this.random.normal(out, 0.1))];
		return this.node('ConvTranspose', inputs, { kernel_shape: [2, 2], strides: [2, 2] }, out);
	}

	batchnorm(x) {
		const name = this.next('BatchNormalization'), n = this.channels[x], r = this.random;
		const rows = { scale: r.uniform(n, 0.6, 1.4), bias: r.normal(n, 0.2), mean: r.normal(n, 0.2), var: r.uniform(n, 0.5, 1.5) };
		return this.node('BatchNormalization', [x, ...Object.entries(rows).map(([k, v]) => this.constant(`${name}.${k}`, [n], v))], { epsilon: { float: 1e-5 } });
	}

	relu(x) {
		return this.node('Relu', [x]);
	}

	relu6(x) {
		const name = this.next('Clip');
		return this.node('Clip', [x, this.constant(`${name}.min`, [], Float32Array.of(0)), this.constant(`${name}.max`, [], Float32Array.of(6))]);
	}

	leaky(x) {
		return this.node('LeakyRelu', [x], { alpha: { float: 0.1 } });
	}

	add(a, b) {
		return this.node('Add', [a, b]);
	}

	concat(...parts) {
		return this.node('Concat', parts, { axis: 1 }, parts.reduce((n, p) => n + this.channels[p], 0));
	}

	pool(op, x, kernel, stride, pad = 0) {
		return this.node(op, [x], { kernel_shape: kernel, strides: kernel.map(() => stride), pads: [...kernel, ...kernel].map(() => pad) });
	}

	resize(x, mode) {
		const scales = this.constant(`${this.next('Resize')}.scales`, [4], Float32Array.of(1, 1, 2, 2));
		return this.node('Resize', [x, '', scales], mode === 'nearest' ? { mode, coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
			: { mode, coordinate_transformation_mode: 'half_pixel' });
	}

	// The channels of GROUPS groups in turn, of an image of SIZE x SIZE.
	shuffle(x, groups, size) {
		const n = this.channels[x];
		let y = this.node('Reshape', [x, this.ints(`${this.next('Reshape')}.shape`, [1, groups, n / groups, size, size])]);
		y = this.node('Transpose', [y], { perm: [0, 2, 1, 3, 4] });
		return this.node('Reshape', [y, this.ints(`${this.next('Reshape')}.shape`, [1, n, size, size])], {}, n);
	}

	flatten(x) {
		return this.node('Flatten', [this.node('GlobalAveragePool', [x])], { axis: 1 });
	}

	dense(x, out) {
		const name = this.next('Gemm'), inner = this.channels[x];
		return this.node('Gemm', [x, this.weights(`${name}.weight`, [out, inner], inner), this.constant(`${name}.bias`, [out], this.random.normal(out, 0.1))],
			{ transB: 1 }, out);
	}

	// A dense layer as two nodes.
	matmul(x, out) {
		const name = this.next('MatMul'), inner = this.channels[x];
		const y = this.node('MatMul', [x, this.weights(`${name}.weight`, [inner, out], inner)], {}, out);
		return this.node('Add', [y, this.constant(`${name}.bias`, [out], this.random.normal(out, 0.1))]);
	}

	output(x) {
		this.graph.outputs.push({ name: x });
		return this.graph;
	}

	classify(x) {
		return this.output(this.node('Softmax', [x], { axis: -1 }));
	}
}

module.exports = { Builder };
