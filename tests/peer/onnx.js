// A graph as the bytes of an ONNX model: as much of protocol buffers and of onnx.proto as it takes.
//
//	graph = { name, inputs: [{ name, dims }], outputs: [{ name, dims }], consts: { NAME: { dims, data } },
//		nodes: [{ op, name, inputs: [NAME], outputs: [NAME], attrs: { NAME: value } }] }
//
// Inputs and outputs are f32.  An attribute is a text, a { float }, an integer, or an array of integers.
'use strict';

const OPSET = 13;
const FLOAT = 1;
const elements = [[Float32Array, FLOAT], [Uint8Array, 2], [Int8Array, 3], [Int32Array, 6], [BigInt64Array, 7]];

function varint(value) {
	const bytes = [];
	let v = BigInt.asUintN(64, BigInt(value));
	for (; v > 127n; v >>= 7n)
		bytes.push(Number(v & 127n) | 128);
	bytes.push(Number(v));
	return Buffer.from(bytes);
}

const int = (field, v) => Buffer.concat([varint(field << 3), varint(v)]);

function bytes(field, content) {
	const b = Buffer.from(content);
	return Buffer.concat([varint(field << 3 | 2), varint(b.length), b]);
}

const message = (field, parts) => bytes(field, Buffer.concat(parts));

function float(field, v) {
	const b = Buffer.alloc(4);
	b.writeFloatLE(v);
	return Buffer.concat([varint(field << 3 | 5), b]);
}

function attribute([name, v]) {
	const [type, ...value] = Array.isArray(v) ? [7, ...v.map((i) => int(8, i))] : typeof v === 'string' ? [3, bytes(4, v)]
		: typeof v === 'object' ? [1, float(2, v.float)] : [2, int(3, v)];
	return message(5, [bytes(1, name), ...value, int(20, type)]);
}

function node({ op, name, inputs, outputs, attrs }) {
	return message(1, [...inputs.map((i) => bytes(1, i)), ...outputs.map((o) => bytes(2, o)), bytes(3, name), bytes(4, op),
		...Object.entries(attrs || {}).map(attribute)]);
}

function constant([name, { dims, data }]) {
	const type = elements.find(([array]) => data instanceof array)[1];
	return message(5, [...dims.map((d) => int(1, d)), int(2, type), bytes(8, name), bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))]);
}

// A graph's input or output.  An output without dims is left for the reader to infer.
function value(field, { name, dims }) {
	const shape = dims ? [message(2, dims.map((d) => message(1, [int(1, d)])))] : [];
	return message(field, [bytes(1, name), message(2, [message(1, [int(1, FLOAT), ...shape])])]);
}

function encode(g) {
	const graph = [...g.nodes.map(node), bytes(2, g.name), ...Object.entries(g.consts).map(constant),
		...g.inputs.map((v) => value(11, v)), ...g.outputs.map((v) => value(12, v))];
	return Buffer.concat([int(1, 8), message(8, [bytes(1, ''), int(2, OPSET)]), message(7, graph)]);
}

module.exports = { encode };
