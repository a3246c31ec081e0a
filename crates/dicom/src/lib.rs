//! Safe reading of DICOM ultrasound over dicom-rs.
