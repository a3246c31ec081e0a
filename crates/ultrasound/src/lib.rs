//! The live pipeline: frame to quality, detection, track, key planes, grade and volume.
