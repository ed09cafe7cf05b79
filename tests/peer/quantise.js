// A float graph as a quantised one: QuantizeLinear and DequantizeLinear around operators, as post-training quantisation writes it.
// Activations have a scale and a zero point by the ranges that were seen, weights a scale for each output channel.  A Softmax at the end
// works on floats; what goes into it is then a second output, so that integers can be compared.
'use strict';

// Whose result has the scale of its input.
const keep = new Set(['MaxPool', 'Reshape', 'Transpose', 'Flatten', 'Resize']);
const layers = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);
const clipped = new Set(['Relu', 'Clip']);
const types = { i8: { array: Int8Array, lo: -128, hi: 127 }, u8: { array: Uint8Array, lo: 0, hi: 255 } };
const clamp = (v, lo, hi) => Math.min(hi, Math.max(lo, v));

// Which dimension of the weights is the output channels.
const axisOf = ({ op }) => op === 'ConvTranspose' || op === 'MatMul' ? 1 : 0;

// Calls F(element, channel) for each element of C, whose channels are dimension AXIS.
function channels({ dims, data }, axis, f) {
	const inner = dims.slice(axis + 1).reduce((a, b) => a * b, 1);
	data.forEach((v, i) => f(v, Math.floor(i / inner) % dims[axis], i));
}

// BatchNormalization goes into the convolution before it.
function foldBatchnorm(g) {
	const made = Object.fromEntries(g.nodes.map((n) => [n.outputs[0], n]));
	const out = { ...g, consts: { ...g.consts }, nodes: [] };
	for (const n of g.nodes) {
		if (n.op !== 'BatchNormalization') {
			out.nodes.push({ ...n });
			continue;
		}
		const conv = out.nodes.find((c) => c.name === made[n.inputs[0]].name);
		const [scale, bias, mean, variance] = n.inputs.slice(1).map((name) => g.consts[name].data);
		const factor = scale.map((s, i) => s / Math.sqrt(variance[i] + n.attrs.epsilon.float));
		const weight = g.consts[conv.inputs[1]], data = new Float32Array(weight.data);
		channels(weight, 0, (v, c, i) => { data[i] = v * factor[c]; });
		out.consts[conv.inputs[1]] = { dims: weight.dims, data };
		out.consts[`${conv.name}.bias`] = { dims: [factor.length], data: bias.map((b, i) => b - mean[i] * factor[i]) };
		conv.inputs = [conv.inputs[0], conv.inputs[1], `${conv.name}.bias`];
		conv.outputs = n.outputs;
	}
	return out;
}

class Quantiser {
	constructor(g, ranges, type) {
		this.g = g;
		this.ranges = ranges;
		this.type = types[type];
		this.out = { name: `${g.name}_${type}`, inputs: g.inputs, outputs: [...g.outputs], consts: {}, nodes: [] };
		this.scales = {};
		this.floats = {};      // the tensor that stands for one of G, by its name
		for (const n of g.nodes)
			if (keep.has(n.op))
				for (const i of n.inputs.slice(1).filter((name) => name))
					this.out.consts[i] = g.consts[i];
	}

	scaleOf(name) {
		const { lo, hi } = this.type, range = this.ranges[name], min = Math.min(range.min, 0), max = Math.max(range.max, 0);
		const scale = Math.fround((max - min) / (hi - lo));
		return { scale, zero: clamp(Math.round(lo - min / scale), lo, hi) };
	}

	node(op, inputs, output, attrs) {
		this.out.nodes.push({ op, name: output, inputs, outputs: [output], attrs });
		return output;
	}

	constant(name, dims, data) {
		this.out.consts[name] = { dims, data };
		return name;
	}

	// The tensor FROM, which is NAME of the graph, to integers and back.
	tensor(name, from, scale) {
		this.scales[name] = scale;
		const s = this.constant(`${name}.scale`, [], Float32Array.of(scale.scale));
		const z = this.constant(`${name}.zero`, [], this.type.array.of(scale.zero));
		this.floats[name] = this.node('DequantizeLinear', [this.node('QuantizeLinear', [from, s, z], `${name}.q`), s, z], `${name}.dq`);
	}

	weights(name, axis) {
		const w = this.g.consts[name], largest = new Float32Array(w.dims[axis]), data = new Int8Array(w.data.length);
		channels(w, axis, (v, c) => { largest[c] = Math.max(largest[c], Math.abs(v)); });
		const scale = largest.map((v) => v / 127);
		channels(w, axis, (v, c, i) => { data[i] = clamp(Math.round(v / scale[c]), -127, 127); });
		const zero = this.constant(`${name}.zero`, [scale.length], new Int8Array(scale.length));
		const inputs = [this.constant(`${name}.q`, w.dims, data), this.constant(`${name}.scale`, [scale.length], scale), zero];
		this.node('DequantizeLinear', inputs, name, { axis });
		return scale;
	}

	bias(name, input, weightScale) {
		const b = this.g.consts[name], scale = weightScale.map((s) => Math.fround(s * input.scale));
		const data = Int32Array.from(b.data, (v, i) => Math.round(v / scale[i]));
		this.node('DequantizeLinear', [this.constant(`${name}.q`, b.dims, data), this.constant(`${name}.scale`, b.dims, scale),
			this.constant(`${name}.zero`, b.dims, new Int32Array(data.length))], name, { axis: 0 });
	}

	// The operands of N that are constants.
	operands(n) {
		const [x, ...constants] = n.inputs.filter((name) => name && (name in this.g.consts || n.inputs[0] === name));
		if (layers.has(n.op)) {
			const scale = this.weights(constants[0], axisOf(n));
			if (constants[1])
				this.bias(constants[1], this.scales[x], scale);
		} else if (n.op === 'Add') {
			for (const c of constants)
				this.tensor(c, this.constant(`${c}.f`, this.g.consts[c].dims, this.g.consts[c].data), this.scaleOf(c));
		} else {
			for (const c of constants)
				this.constant(c, this.g.consts[c].dims, this.g.consts[c].data);
		}
	}

	quantise() {
		const readers = (name) => this.g.nodes.filter((n) => n.inputs.includes(name));
		for (const { name } of this.g.inputs)
			this.tensor(name, name, this.scaleOf(name));
		for (const n of this.g.nodes) {
			const name = n.outputs[0], last = this.g.outputs.some((o) => o.name === name), next = readers(name);
			this.operands(n);
			const to = n.op === 'Softmax' ? name : `${name}.f`;
			this.node(n.op, n.inputs.map((i) => this.floats[i] || i), to, n.attrs);
			if (n.op === 'Softmax') {
				this.out.outputs.push({ name: this.floats[n.inputs[0]] });
				continue;
			}
			if (next.length === 1 && clipped.has(next[0].op))
				this.floats[name] = to;
			else
				this.tensor(name, to, keep.has(n.op) ? this.scales[n.inputs[0]] : this.scaleOf(name));
			if (last)
				this.out.nodes[this.out.nodes.length - 1].outputs = [name];
		}
		return this.out;
	}
}

// G with activations of TYPE, 'i8' or 'u8'.  RANGES: { TENSOR: { min, max } } of every tensor of the graph.
function quantise(g, ranges, type) {
	for (const [name, c] of Object.entries(g.consts))
		if (c.data instanceof Float32Array)
			ranges[name] = { min: c.data.reduce((a, b) => Math.min(a, b), 0), max: c.data.reduce((a, b) => Math.max(a, b), 0) };
	return new Quantiser(g, ranges, type).quantise();
}

module.exports = { foldBatchnorm, quantise };
