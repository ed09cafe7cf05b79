// The layers of a quantised graph, each as a model of its own: from the integers that it reads to the integers that it gives.  So that a
// difference of one layer is not taken for that of another.
'use strict';

// Whether N, a DequantizeLinear, is of integers that a layer gives, and not of weights.
const isResult = (g, made, n) => n.inputs[0] in made && !(made[n.inputs[0]].inputs[0] in g.consts);

// The nodes behind NODE, a QuantizeLinear, up to where a layer's integers become floats; those too.
function behind(g, made, node) {
	const nodes = new Set();
	const visit = (name) => {
		const n = made[name];
		if (!n || nodes.has(n))
			return;
		if (n.op !== 'DequantizeLinear' || !isResult(g, made, n))
			n.inputs.forEach(visit);
		nodes.add(n);
	};
	node.inputs.forEach(visit);
	return [...nodes];
}

// A graph's part of NODE, which comes before READER, the DequantizeLinear of its result.
function layer(g, made, node, reader) {
	const nodes = behind(g, made, node), inputs = [], quantisers = [];
	for (const n of nodes) {
		if (n.op !== 'DequantizeLinear' || !isResult(g, made, n))
			continue;
		const before = made[n.inputs[0]];
		inputs.push({ name: `${before.name}.in`, from: n.outputs[0] });
		quantisers.push({ ...before, inputs: [`${before.name}.in`, ...before.inputs.slice(1)] });
	}
	inputs.push(...g.inputs.filter(({ name }) => nodes.length === 0 && node.inputs.includes(name)).map((i) => ({ ...i, from: i.name })));
	const all = [...quantisers, ...nodes, node, reader], used = new Set(all.flatMap((n) => n.inputs));
	const consts = Object.fromEntries(Object.entries(g.consts).filter(([name]) => used.has(name)));
	return { name: node.name, inputs, outputs: [{ name: reader.outputs[0] }], consts, nodes: all, scale: consts[node.inputs[1]].data[0] };
}

// In order.  Of each input, FROM is the tensor of G that it is; its dims are left to the caller.
function layers(g) {
	const made = Object.fromEntries(g.nodes.map((n) => [n.outputs[0], n]));
	return g.nodes.filter((n) => n.op === 'QuantizeLinear' && !(n.inputs[0] in g.consts)).map((n) =>
		layer(g, made, n, g.nodes.find((r) => r.op === 'DequantizeLinear' && r.inputs[0] === n.outputs[0])));
}

module.exports = { layers };
