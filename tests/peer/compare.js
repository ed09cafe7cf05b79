// Arrays beside each other.
'use strict';

// ONNX Runtime's products of int8 and uint8 saturate at 16 bits on processors that have no instruction for them, unless told otherwise.
const EXACT = { extra: { session: { x64quantprecision: '1' } } };

const most = (data, start) => data.reduce((a, b) => Math.max(a, b), start);
const top = ({ data }) => data.indexOf(most(data, -Infinity));

// The differences of two arrays.  NaN and another size differ without bound.
function differences(found, expected) {
	if (found.data.length !== expected.data.length)
		return [Infinity];
	return Array.from(found.data, (v, i) => v === expected.data[i] ? 0 : Math.abs(v - expected.data[i])).map((d) => Number.isNaN(d) ? Infinity : d);
}

module.exports = { differences, most, top, EXACT };
