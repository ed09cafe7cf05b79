// Numbers that are the same on every machine for the same seed.
'use strict';

class Random {
	constructor(seed) {
		this.state = seed >>> 0;
	}

	// Below 1 (the generator known as mulberry32).
	next() {
		this.state = this.state + 0x6d2b79f5 >>> 0;
		let t = Math.imul(this.state ^ this.state >>> 15, this.state | 1);
		t ^= t + Math.imul(t ^ t >>> 7, t | 61);
		return ((t ^ t >>> 14) >>> 0) / 4294967296;
	}

	uniform(count, lo, hi) {
		return Float32Array.from({ length: count }, () => lo + (hi - lo) * this.next());
	}

	// Of mean 0 and deviation S: close to a normal distribution.
	normal(count, s) {
		return Float32Array.from({ length: count }, () => {
			let sum = -6;
			for (let i = 0; i < 12; i++)
				sum += this.next();
			return sum * s;
		});
	}
}

module.exports = { Random };
