//! The SOP classes of this node (PS3.4, PS3.6 Annex A): from this table associations are negotiated and the conformance statement is
//! printed. Objects of other classes are kept too: see [`of`].

use std::borrow::Cow;

use peony_dicom::is_uid;

/// What a SOP class is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// C-ECHO (PS3.4 Annex A).
    Verification,
    /// C-STORE (PS3.4 Annex B).
    Storage,
    /// C-FIND, by an information model (PS3.4 §C.4.1).
    Find(Model),
    /// C-MOVE (PS3.4 §C.4.2).
    Move(Model),
    /// C-GET (PS3.4 §C.4.3).
    Get(Model),
    /// N-ACTION and N-EVENT-REPORT (PS3.4 Annex J).
    Commitment,
    /// C-FIND of orders (PS3.4 Annex K).
    Worklist,
    /// N-CREATE and N-SET (PS3.4 Annex F).
    PerformedStep,
}

impl Service {
    /// What it is called among figures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::Storage => "storage",
            Self::Find(_) => "find",
            Self::Move(_) => "move",
            Self::Get(_) => "get",
            Self::Commitment => "commitment",
            Self::Worklist => "worklist",
            Self::PerformedStep => "performed_step",
        }
    }
}

/// An information model of query and retrieval (PS3.4 §C.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Patient, study, series, instance.
    PatientRoot,
    /// Study, series, instance.
    StudyRoot,
    /// Patient and study only, retired.
    PatientStudyOnly,
}

/// A row of the table, or a class of objects that is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SopClass {
    /// Its UID.
    pub uid: Cow<'static, str>,
    /// Its name in PS3.6.
    pub name: &'static str,
    /// What it is asked for.
    pub service: Service,
    /// The standard has taken it out; old machines still send it.
    pub retired: bool,
}

impl SopClass {
    /// Whether an object of it may hold a video.
    #[must_use]
    pub fn may_move(&self) -> bool {
        self.name.contains("Multi-frame") || self.name.contains("Video") || !self.is_known()
    }

    /// Whether it is in the table.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.name != OTHER
    }
}

/// What a class of objects is called that is not in the table.
const OTHER: &str = "Other Storage";
/// Below this lie the classes of the standard, and of these the ones of objects, also such as come with a later edition.
const STANDARD: &str = "1.2.840.10008.";
/// See [`STANDARD`].
const STANDARD_STORAGE: &str = "1.2.840.10008.5.1.4.1.1.";

/// The class of a UID: that of the table, else where it may be one of objects, such a one. That is all but what the standard has for something
/// else: makers have classes of their own, and nearly all of these are of objects. `None` where this node has no service for it.
#[must_use]
pub fn of(uid: &str) -> Option<SopClass> {
    if let Some(known) = TABLE.iter().find(|class| class.uid == uid) {
        return Some(known.clone());
    }
    let of_objects = !uid.starts_with(STANDARD) || uid.starts_with(STANDARD_STORAGE);
    (of_objects && is_uid(uid)).then(|| SopClass {
        uid: uid.to_owned().into(),
        name: OTHER,
        service: Service::Storage,
        retired: false,
    })
}

/// Storage Commitment Push Model, and its one instance (PS3.4 §J.3.5).
pub const COMMITMENT: &str = "1.2.840.10008.1.20.1";
/// See [`COMMITMENT`].
pub const COMMITMENT_INSTANCE: &str = "1.2.840.10008.1.20.1.1";
/// Modality Worklist Information Model - FIND.
pub const WORKLIST: &str = "1.2.840.10008.5.1.4.31";
/// Modality Performed Procedure Step.
pub const PERFORMED_STEP: &str = "1.2.840.10008.3.1.2.3.3";
/// Verification.
pub const VERIFICATION: &str = "1.2.840.10008.1.1";

const fn row(uid: &'static str, name: &'static str, service: Service) -> SopClass {
    SopClass { uid: Cow::Borrowed(uid), name, service, retired: false }
}

const fn old(uid: &'static str, name: &'static str, service: Service) -> SopClass {
    SopClass { uid: Cow::Borrowed(uid), name, service, retired: true }
}

/// Every SOP class, storage in the order of its UIDs.
#[rustfmt::skip] // One class a line: it is read as a table.
pub static TABLE: &[SopClass] = {
    use Model::{PatientRoot, PatientStudyOnly, StudyRoot};
    use Service::{Commitment, Find, Get, Move, PerformedStep, Storage, Verification, Worklist};
    &[
        row("1.2.840.10008.1.1",                 "Verification", Verification),
        row("1.2.840.10008.1.20.1",              "Storage Commitment Push Model", Commitment),
        row("1.2.840.10008.3.1.2.3.3",           "Modality Performed Procedure Step", PerformedStep),
        row("1.2.840.10008.5.1.4.31",            "Modality Worklist Information Model - FIND", Worklist),
        row("1.2.840.10008.5.1.4.1.2.1.1",       "Patient Root Query/Retrieve Information Model - FIND", Find(PatientRoot)),
        row("1.2.840.10008.5.1.4.1.2.1.2",       "Patient Root Query/Retrieve Information Model - MOVE", Move(PatientRoot)),
        row("1.2.840.10008.5.1.4.1.2.1.3",       "Patient Root Query/Retrieve Information Model - GET", Get(PatientRoot)),
        row("1.2.840.10008.5.1.4.1.2.2.1",       "Study Root Query/Retrieve Information Model - FIND", Find(StudyRoot)),
        row("1.2.840.10008.5.1.4.1.2.2.2",       "Study Root Query/Retrieve Information Model - MOVE", Move(StudyRoot)),
        row("1.2.840.10008.5.1.4.1.2.2.3",       "Study Root Query/Retrieve Information Model - GET", Get(StudyRoot)),
        old("1.2.840.10008.5.1.4.1.2.3.1",       "Patient/Study Only Query/Retrieve Information Model - FIND", Find(PatientStudyOnly)),
        old("1.2.840.10008.5.1.4.1.2.3.2",       "Patient/Study Only Query/Retrieve Information Model - MOVE", Move(PatientStudyOnly)),
        old("1.2.840.10008.5.1.4.1.2.3.3",       "Patient/Study Only Query/Retrieve Information Model - GET", Get(PatientStudyOnly)),
        row("1.2.840.10008.5.1.4.1.1.1",         "Computed Radiography Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.1.1",       "Digital X-Ray Image Storage - For Presentation", Storage),
        row("1.2.840.10008.5.1.4.1.1.1.1.1",     "Digital X-Ray Image Storage - For Processing", Storage),
        row("1.2.840.10008.5.1.4.1.1.1.2",       "Digital Mammography X-Ray Image Storage - For Presentation", Storage),
        row("1.2.840.10008.5.1.4.1.1.1.2.1",     "Digital Mammography X-Ray Image Storage - For Processing", Storage),
        row("1.2.840.10008.5.1.4.1.1.1.3",       "Digital Intra-Oral X-Ray Image Storage - For Presentation", Storage),
        row("1.2.840.10008.5.1.4.1.1.1.3.1",     "Digital Intra-Oral X-Ray Image Storage - For Processing", Storage),
        row("1.2.840.10008.5.1.4.1.1.2",         "CT Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.2.1",       "Enhanced CT Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.2.2",       "Legacy Converted Enhanced CT Image Storage", Storage),
        old("1.2.840.10008.5.1.4.1.1.3",         "Ultrasound Multi-frame Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.3.1",       "Ultrasound Multi-frame Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.4",         "MR Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.4.1",       "Enhanced MR Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.4.2",       "MR Spectroscopy Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.4.3",       "Enhanced MR Color Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.4.4",       "Legacy Converted Enhanced MR Image Storage", Storage),
        old("1.2.840.10008.5.1.4.1.1.5",         "Nuclear Medicine Image Storage", Storage),
        old("1.2.840.10008.5.1.4.1.1.6",         "Ultrasound Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.6.1",       "Ultrasound Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.6.2",       "Enhanced US Volume Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.6.3",       "Photoacoustic Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.7",         "Secondary Capture Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.7.1",       "Multi-frame Single Bit Secondary Capture Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.7.2",       "Multi-frame Grayscale Byte Secondary Capture Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.7.3",       "Multi-frame Grayscale Word Secondary Capture Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.7.4",       "Multi-frame True Color Secondary Capture Image Storage", Storage),
        old("1.2.840.10008.5.1.4.1.1.8",         "Standalone Overlay Storage", Storage),
        old("1.2.840.10008.5.1.4.1.1.9",         "Standalone Curve Storage", Storage),
        old("1.2.840.10008.5.1.4.1.1.9.1",       "Waveform Storage - Trial", Storage),
        row("1.2.840.10008.5.1.4.1.1.9.1.1",     "12-lead ECG Waveform Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.9.1.2",     "General ECG Waveform Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.9.1.3",     "Ambulatory ECG Waveform Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.9.1.4",     "General 32-bit ECG Waveform Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.9.2.1",     "Hemodynamic Waveform Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.9.3.1",     "Cardiac Electrophysiology Waveform Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.9.4.1",     "Basic Voice Audio Waveform Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.9.4.2",     "General Audio Waveform Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.9.5.1",     "Arterial Pulse Waveform Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.9.6.1",     "Respiratory Waveform Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.9.6.2",     "Multi-channel Respiratory Waveform Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.9.7.1",     "Routine Scalp Electroencephalogram Waveform Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.9.7.2",     "Electromyogram Waveform Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.9.7.3",     "Electrooculogram Waveform Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.9.7.4",     "Sleep Electroencephalogram Waveform Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.9.8.1",     "Body Position Waveform Storage", Storage),
        old("1.2.840.10008.5.1.4.1.1.10",        "Standalone Modality LUT Storage", Storage),
        old("1.2.840.10008.5.1.4.1.1.11",        "Standalone VOI LUT Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.11.1",      "Grayscale Softcopy Presentation State Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.11.2",      "Color Softcopy Presentation State Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.11.3",      "Pseudo-Color Softcopy Presentation State Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.11.4",      "Blending Softcopy Presentation State Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.11.5",      "XA/XRF Grayscale Softcopy Presentation State Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.11.6",      "Grayscale Planar MPR Volumetric Presentation State Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.11.7",      "Compositing Planar MPR Volumetric Presentation State Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.11.8",      "Advanced Blending Presentation State Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.11.9",      "Volume Rendering Volumetric Presentation State Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.11.10",     "Segmented Volume Rendering Volumetric Presentation State Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.11.11",     "Multiple Volume Rendering Volumetric Presentation State Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.11.12",     "Variable Modality LUT Softcopy Presentation State Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.12.1",      "X-Ray Angiographic Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.12.1.1",    "Enhanced XA Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.12.2",      "X-Ray Radiofluoroscopic Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.12.2.1",    "Enhanced XRF Image Storage", Storage),
        old("1.2.840.10008.5.1.4.1.1.12.3",      "X-Ray Angiographic Bi-Plane Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.13.1.1",    "X-Ray 3D Angiographic Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.13.1.2",    "X-Ray 3D Craniofacial Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.13.1.3",    "Breast Tomosynthesis Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.13.1.4",    "Breast Projection X-Ray Image Storage - For Presentation", Storage),
        row("1.2.840.10008.5.1.4.1.1.13.1.5",    "Breast Projection X-Ray Image Storage - For Processing", Storage),
        row("1.2.840.10008.5.1.4.1.1.14.1",      "Intravascular Optical Coherence Tomography Image Storage - For Presentation", Storage),
        row("1.2.840.10008.5.1.4.1.1.14.2",      "Intravascular Optical Coherence Tomography Image Storage - For Processing", Storage),
        row("1.2.840.10008.5.1.4.1.1.20",        "Nuclear Medicine Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.30",        "Parametric Map Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.66",        "Raw Data Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.66.1",      "Spatial Registration Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.66.2",      "Spatial Fiducials Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.66.3",      "Deformable Spatial Registration Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.66.4",      "Segmentation Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.66.5",      "Surface Segmentation Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.66.6",      "Tractography Results Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.67",        "Real World Value Mapping Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.68.1",      "Surface Scan Mesh Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.68.2",      "Surface Scan Point Cloud Storage", Storage),
        old("1.2.840.10008.5.1.4.1.1.77.1",      "VL Image Storage - Trial", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.1",    "VL Endoscopic Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.1.1",  "Video Endoscopic Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.2",    "VL Microscopic Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.2.1",  "Video Microscopic Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.3",    "VL Slide-Coordinates Microscopic Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.4",    "VL Photographic Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.4.1",  "Video Photographic Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.5.1",  "Ophthalmic Photography 8 Bit Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.5.2",  "Ophthalmic Photography 16 Bit Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.5.3",  "Stereometric Relationship Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.5.4",  "Ophthalmic Tomography Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.5.5",  "Wide Field Ophthalmic Photography Stereographic Projection Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.5.6",  "Wide Field Ophthalmic Photography 3D Coordinates Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.5.7",  "Ophthalmic Optical Coherence Tomography En Face Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.5.8",  "Ophthalmic Optical Coherence Tomography B-scan Volume Analysis Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.6",    "VL Whole Slide Microscopy Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.7",    "Dermoscopic Photography Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.8",    "Confocal Microscopy Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.77.1.9",    "Confocal Microscopy Tiled Pyramidal Image Storage", Storage),
        old("1.2.840.10008.5.1.4.1.1.77.2",      "VL Multi-frame Image Storage - Trial", Storage),
        row("1.2.840.10008.5.1.4.1.1.78.1",      "Lensometry Measurements Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.78.2",      "Autorefraction Measurements Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.78.3",      "Keratometry Measurements Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.78.4",      "Subjective Refraction Measurements Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.78.5",      "Visual Acuity Measurements Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.78.6",      "Spectacle Prescription Report Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.78.7",      "Ophthalmic Axial Measurements Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.78.8",      "Intraocular Lens Calculations Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.79.1",      "Macular Grid Thickness and Volume Report Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.80.1",      "Ophthalmic Visual Field Static Perimetry Measurements Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.81.1",      "Ophthalmic Thickness Map Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.82.1",      "Corneal Topography Map Storage", Storage),
        old("1.2.840.10008.5.1.4.1.1.88.1",      "Text SR Storage - Trial", Storage),
        old("1.2.840.10008.5.1.4.1.1.88.2",      "Audio SR Storage - Trial", Storage),
        old("1.2.840.10008.5.1.4.1.1.88.3",      "Detail SR Storage - Trial", Storage),
        old("1.2.840.10008.5.1.4.1.1.88.4",      "Comprehensive SR Storage - Trial", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.11",     "Basic Text SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.22",     "Enhanced SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.33",     "Comprehensive SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.34",     "Comprehensive 3D SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.35",     "Extensible SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.40",     "Procedure Log Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.50",     "Mammography CAD SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.59",     "Key Object Selection Document Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.65",     "Chest CAD SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.67",     "X-Ray Radiation Dose SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.68",     "Radiopharmaceutical Radiation Dose SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.69",     "Colon CAD SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.70",     "Implantation Plan SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.71",     "Acquisition Context SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.72",     "Simplified Adult Echo SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.73",     "Patient Radiation Dose SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.74",     "Planned Imaging Agent Administration SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.75",     "Performed Imaging Agent Administration SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.76",     "Enhanced X-Ray Radiation Dose SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.88.77",     "Waveform Annotation SR Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.90.1",      "Content Assessment Results Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.91.1",      "Microscopy Bulk Simple Annotations Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.104.1",     "Encapsulated PDF Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.104.2",     "Encapsulated CDA Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.104.3",     "Encapsulated STL Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.104.4",     "Encapsulated OBJ Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.104.5",     "Encapsulated MTL Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.128",       "Positron Emission Tomography Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.128.1",     "Legacy Converted Enhanced PET Image Storage", Storage),
        old("1.2.840.10008.5.1.4.1.1.129",       "Standalone PET Curve Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.130",       "Enhanced PET Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.131",       "Basic Structured Display Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.200.1",     "CT Defined Procedure Protocol Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.200.2",     "CT Performed Procedure Protocol Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.200.3",     "Protocol Approval Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.200.7",     "XA Defined Procedure Protocol Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.200.8",     "XA Performed Procedure Protocol Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.201.1",     "Inventory Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.1",     "RT Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.2",     "RT Dose Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.3",     "RT Structure Set Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.4",     "RT Beams Treatment Record Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.5",     "RT Plan Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.6",     "RT Brachy Treatment Record Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.7",     "RT Treatment Summary Record Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.8",     "RT Ion Plan Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.9",     "RT Ion Beams Treatment Record Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.10",    "RT Physician Intent Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.11",    "RT Segment Annotation Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.12",    "RT Radiation Set Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.13",    "C-Arm Photon-Electron Radiation Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.14",    "Tomotherapeutic Radiation Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.15",    "Robotic-Arm Radiation Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.16",    "RT Radiation Record Set Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.17",    "RT Radiation Salvage Record Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.18",    "Tomotherapeutic Radiation Record Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.19",    "C-Arm Photon-Electron Radiation Record Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.20",    "Robotic Radiation Record Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.21",    "RT Radiation Set Delivery Instruction Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.22",    "RT Treatment Preparation Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.23",    "Enhanced RT Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.24",    "Enhanced Continuous RT Image Storage", Storage),
        row("1.2.840.10008.5.1.4.1.1.481.25",    "RT Patient Position Acquisition Instruction Storage", Storage),
        row("1.2.840.10008.5.1.4.34.7",          "RT Beams Delivery Instruction Storage", Storage),
        row("1.2.840.10008.5.1.4.38.1",          "Hanging Protocol Storage", Storage),
        row("1.2.840.10008.5.1.4.39.1",          "Color Palette Storage", Storage),
        row("1.2.840.10008.5.1.4.43.1",          "Generic Implant Template Storage", Storage),
        row("1.2.840.10008.5.1.4.44.1",          "Implant Assembly Template Storage", Storage),
        row("1.2.840.10008.5.1.4.45.1",          "Implant Template Group Storage", Storage),
    ]
};
