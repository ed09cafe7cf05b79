// Arrays as .npy files, version 1.0, little-endian.  An array: { dims, data }, data a typed array.
'use strict';
const fs = require('fs');

const types = { '<f4': Float32Array, '|i1': Int8Array, '|u1': Uint8Array, '<i4': Int32Array };

function read(path) {
	const file = fs.readFileSync(path);
	const start = 10 + file.readUInt16LE(8);
	const header = file.toString('latin1', 10, start);
	const dims = header.match(/'shape': \(([^)]*)\)/)[1].split(',').filter((d) => d.trim()).map(Number);
	const type = types[header.match(/'descr': '([^']*)'/)[1]];
	return { dims, data: new type(new Uint8Array(file.subarray(start)).buffer) };
}

function write(path, { dims, data }) {
	const descr = Object.keys(types).find((d) => data instanceof types[d]);
	const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${dims.join(', ')}${dims.length === 1 ? ',' : ''}), }`;
	const length = Math.ceil((10 + text.length + 1) / 64) * 64;
	const head = Buffer.from('\x93NUMPY\x01\x00\x00\x00' + text.padEnd(length - 11) + '\n', 'latin1');
	head.writeUInt16LE(length - 10, 8);
	fs.writeFileSync(path, Buffer.concat([head, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]));
}

module.exports = { read, write };
