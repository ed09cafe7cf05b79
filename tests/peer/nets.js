// The networks: a small one of each kind that is in use.
'use strict';
const { Builder } = require('./builder');

const K1 = [1, 1], K3 = [3, 3];

function resnet() {
	const b = new Builder('resnet', 1, [1, 3, 32, 32]);
	const unit = (x, n, stride) => {
		let y = b.relu(b.batchnorm(b.conv(x, n, K3, { stride, bias: false })));
		y = b.batchnorm(b.conv(y, n, K3, { bias: false }));
		return b.relu(b.add(y, stride === 1 ? x : b.batchnorm(b.conv(x, n, K1, { stride, bias: false }))));
	};
	let x = b.relu(b.batchnorm(b.conv('input', 16, K3, { bias: false })));
	x = b.pool('MaxPool', x, K3, 2, 1);
	x = unit(unit(x, 16, 1), 16, 1);
	x = unit(unit(x, 32, 2), 32, 1);
	x = unit(unit(x, 64, 2), 64, 1);
	return b.classify(b.dense(b.flatten(x), 10));
}

function mobilenet() {
	const b = new Builder('mobilenet', 2, [1, 3, 48, 48]);
	const unit = (x, n, stride) => {
		let y = b.relu6(b.batchnorm(b.conv(x, 4 * b.channels[x], K1, { bias: false })));
		y = b.relu6(b.batchnorm(b.depthwise(y, K3, { stride, same: 'SAME_UPPER', bias: false })));
		y = b.batchnorm(b.conv(y, n, K1, { bias: false }));
		return stride === 1 && n === b.channels[x] ? b.add(x, y) : y;
	};
	let x = b.relu6(b.conv('input', 16, K3, { stride: 2 }));
	for (const [n, stride] of [[16, 1], [24, 2], [24, 1], [32, 2], [32, 1]])
		x = unit(x, n, stride);
	return b.classify(b.dense(b.flatten(b.relu6(b.conv(x, 96, K1))), 20));
}

function shufflenet() {
	const b = new Builder('shufflenet', 3, [1, 3, 32, 32]);
	const branch = (x, n, stride, size) => {
		let y = b.shuffle(b.relu(b.batchnorm(b.conv(x, n, K1, { group: 4, bias: false }))), 4, size);
		y = b.batchnorm(b.depthwise(y, K3, { stride, bias: false }));
		return b.batchnorm(b.conv(y, n, K1, { group: 4, bias: false }));
	};
	const down = (x, size) => b.relu(b.concat(b.pool('AveragePool', x, K3, 2, 1), branch(x, b.channels[x], 2, size)));
	const unit = (x, size) => b.relu(b.add(x, branch(x, b.channels[x], 1, size)));
	let x = b.relu(b.conv('input', 16, K3, { stride: 2 }));
	x = unit(down(x, 16), 8);
	x = unit(unit(down(x, 8), 4), 4);
	return b.classify(b.dense(b.flatten(x), 10));
}

function unet() {
	const b = new Builder('unet', 4, [1, 3, 32, 32]);
	const layer = (x, n, stride) => b.relu(b.conv(x, n, K3, { stride }));
	const a = layer('input', 8, 1), c = layer(a, 16, 2), d = layer(c, 32, 2);
	const up = layer(b.concat(b.relu(b.upconv(d, 16)), c), 16, 1);
	const full = layer(b.concat(b.resize(up, 'linear'), a), 8, 1);
	const quarter = b.conv(b.resize(b.resize(d, 'nearest'), 'nearest'), 8, K1);
	return b.output(b.conv(b.add(full, quarter), 4, K1));
}

function mlp() {
	const b = new Builder('mlp', 5, [1, 64]);
	const x = b.relu(b.dense('input', 96));
	return b.classify(b.dense(b.leaky(b.matmul(x, 48)), 12));
}

function conv1d() {
	const b = new Builder('conv1d', 6, [1, 6, 128]);
	let x = b.relu(b.batchnorm(b.conv('input', 16, [5])));
	x = b.relu(b.conv(b.depthwise(b.pool('MaxPool', x, [2], 2), [3], { dilation: 2 }), 24, [1]));
	x = b.relu(b.batchnorm(b.conv(x, 32, [5], { stride: 2, group: 2 })));
	return b.classify(b.dense(b.flatten(x), 8));
}

module.exports = [resnet, mobilenet, shufflenet, unet, mlp, conv1d];
