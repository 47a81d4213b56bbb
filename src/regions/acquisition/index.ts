/** How a dump was acquired, judged by the dump itself. */
export type { BaseInference } from './base.js';
export { type AcquisitionReport, examineAcquisition } from './examine.js';
export type { Appended, GluedModule } from './glue.js';
export { findLandmarks, type Landmark, type ModuleLandmark, type VectorLandmark } from './landmarks.js';
export type { Repetition, StuckAddressLine } from './repetition.js';
export type { StuckDataLine } from './stuck-data.js';
export { TRANSFORMS, type Transform, undoTransform, undoTransformOf } from './transform.js';
export type { ZeroRun } from './zero-runs.js';
