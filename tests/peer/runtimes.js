// The models' own runtimes.  A session: { inputs: [{ name, dims, type }], run(arrays) }, where run takes and gives arrays as npy.js has them,
// in the model's order.
'use strict';
const fs = require('fs');
const path = require('path');

// ONNX Runtime.  OPTIONS: of its InferenceSession.
async function onnx(model, options) {
	const ort = require('onnxruntime-node');
	const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3, ...options });
	return {
		inputs: session.inputMetadata.map(({ name, shape, type }) => ({ name, dims: shape, type })),
		names: session.outputNames,
		async run(arrays) {
			const feeds = {};
			session.inputNames.forEach((name, i) => {
				const type = arrays[i].data instanceof Int8Array ? 'int8' : 'float32';
				feeds[name] = new ort.Tensor(type, arrays[i].data, arrays[i].dims);
			});
			const results = await session.run(feeds);
			return session.outputNames.map((name) => ({ dims: results[name].dims, data: results[name].data }));
		},
	};
}

// TensorFlow Lite, compiled to WebAssembly; of its package only the program is used, which needs no browser.
async function tflite(model) {
	const dir = path.join(path.dirname(require.resolve('@tensorflow/tfjs-tflite/package.json')), 'wasm');
	const program = fs.readFileSync(path.join(dir, 'tflite_web_api_cc_simd.js'), 'utf8');
	const factory = new Function('window', `${program}\nreturn tflite_web_api_ModuleFactory;`)({});
	const module = await factory({ wasmBinary: fs.readFileSync(path.join(dir, 'tflite_web_api_cc_simd.wasm')), printErr() {} });
	const at = module._malloc(model.length);
	module.HEAPU8.set(model, at);
	const made = module.TFLiteWebModelRunner.CreateFromBufferAndOptions(at, model.length,
		{ numThreads: 1, enableProfiling: false, maxProfilingBufferEntries: 1 });
	if (!made.ok())
		throw new Error(made.errorMessage());
	const runner = made.value();
	const list = (vector) => Array.from({ length: vector.size() }, (_, i) => vector.get(i));
	const dims = (t) => t.shape.split(',').map(Number);
	return {
		inputs: list(runner.GetInputs()).map((t) => ({ name: t.name, dims: dims(t), type: t.dataType })),
		async run(arrays) {
			list(runner.GetInputs()).forEach((t, i) => t.data().set(arrays[i].data));
			if (!runner.Infer())
				throw new Error('TensorFlow Lite does not run the model');
			return list(runner.GetOutputs()).map((t) => ({ dims: dims(t), data: t.data().slice() }));
		},
	};
}

module.exports = { onnx, tflite };
