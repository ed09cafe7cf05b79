// The time of one inference of an ONNX model in ONNX Runtime: peer_ort.js MODEL; prints milliseconds, the median of a second of runs.  One thread.  NODE_PATH says where
// onnxruntime-node is.  The time holds what the call takes from JavaScript; peer_ort.js of a model that does next to nothing shows how much that is.
'use strict';
const ort = require('onnxruntime-node');

async function main(file) {
	const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all' });
	const { name, type, shape } = session.inputMetadata[0];
	const count = shape.reduce((a, b) => a * b, 1);
	const data = type === 'int8' ? new Int8Array(count) : new Float32Array(count);
	let seed = 1;
	for (let i = 0; i < count; i++) {
		seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
		data[i] = (seed >>> 24) - 128;
	}
	const feeds = { [name]: new ort.Tensor(type, data, shape) };
	const now = () => Number(process.hrtime.bigint()) / 1e6;
	const samples = [];
	for (const start = now(); now() - start < 300;)
		await session.run(feeds);
	for (const start = now(); now() - start < 1000;) {
		const before = now();
		await session.run(feeds);
		samples.push(now() - before);
	}
	samples.sort((a, b) => a - b);
	console.log(samples[samples.length >> 1].toFixed(5));
}

main(process.argv[2]);
