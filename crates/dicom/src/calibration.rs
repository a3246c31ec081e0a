//! How large a pixel is (invariant 4: no millimetre without calibration).
//!
//! Ultrasound screens show several pictures at several scales; the Sequence of Ultrasound Regions (PS3.3
//! §C.8.5.5) gives each its own. Files are shrunk and cropped after they were calibrated, and their regions then
//! lie outside the picture: such a region's scale is wrong too, so it is left out.

use peony_model::{BoxPx, CalibratedRegion, CalibrationSource, MmPerPx, PointPx, RegionKind, Spacing};

use crate::error::{Field, ReadIssue};
use crate::header::{self, Header};
use crate::image_header::ImageHeader;
use crate::limits;

// Attributes of one item (PS3.3 table C.8-17).
const SPATIAL_FORMAT: Field = Field::new(0x0018, 0x6012, "Region Spatial Format");
const DATA_TYPE: Field = Field::new(0x0018, 0x6014, "Region Data Type");
const MIN_X0: Field = Field::new(0x0018, 0x6018, "Region Location Min X0");
const MIN_Y0: Field = Field::new(0x0018, 0x601A, "Region Location Min Y0");
const MAX_X1: Field = Field::new(0x0018, 0x601C, "Region Location Max X1");
const MAX_Y1: Field = Field::new(0x0018, 0x601E, "Region Location Max Y1");
const UNITS_X: Field = Field::new(0x0018, 0x6024, "Physical Units X Direction");
const UNITS_Y: Field = Field::new(0x0018, 0x6026, "Physical Units Y Direction");
const DELTA_X: Field = Field::new(0x0018, 0x602C, "Physical Delta X");
const DELTA_Y: Field = Field::new(0x0018, 0x602E, "Physical Delta Y");

/// Physical units: 3 is centimetre (PS3.3 §C.8.5.5.1.15).
const CENTIMETRE: i64 = 3;
const MM_PER_CM: f64 = 10.0;

/// The calibration of every frame of the object.
pub(crate) fn spacing(header: &Header, image: &ImageHeader, issues: &mut Vec<ReadIssue>) -> Spacing {
    let mut regions = Vec::new();
    let items = header.regions();
    if items.len() > limits::REGIONS {
        issues.push(ReadIssue::RegionIgnored {
            index: limits::REGIONS,
            reason: "no more regions than that are read",
        });
    }
    for (index, item) in items.iter().enumerate().take(limits::REGIONS) {
        match region(item, index, image, issues) {
            Ok(region) => regions.push(region),
            Err(reason) => issues.push(ReadIssue::RegionIgnored { index, reason }),
        }
    }
    if regions.is_empty() {
        return pixel_spacing(header, issues);
    }
    // A machine may mark the whole screen as a region without a scale and the picture within it as another. Where
    // regions lie in each other the smallest says what is there, so the smallest comes first.
    regions.sort_by(|a, b| a.area_px.area().total_cmp(&b.area_px.area()));
    let spacing = Spacing::PerRegion(regions.into());
    let count = spacing.tissue_region_count();
    if count > 1 {
        issues.push(ReadIssue::SeveralTissueRegions { count });
    }
    spacing
}

fn region(
    item: &Header,
    index: usize,
    image: &ImageHeader,
    issues: &mut Vec<ReadIssue>,
) -> Result<CalibratedRegion, &'static str> {
    let location = |field| item.integer(field).ok_or("its location is missing");
    let (x0, y0, x1, y1) = (location(MIN_X0)?, location(MIN_Y0)?, location(MAX_X1)?, location(MAX_Y1)?);
    if x0 < 0 || y0 < 0 || x1 < x0 || y1 < y0 {
        return Err("its location is not a rectangle");
    }
    let (columns, rows) = (i64::from(image.columns), i64::from(image.rows));
    // X1 and Y1 are the last pixel (§C.8.5.5.1.4), but some machines write the size: one pixel more is let pass.
    if x1 > columns || y1 > rows {
        return Err("it reaches beyond the picture, which was cropped or resized after it was calibrated");
    }
    let corner = |x: i64, y: i64| PointPx::new(x as f32, y as f32);
    let area_px = BoxPx::new(corner(x0, y0), corner((x1 + 1).min(columns), (y1 + 1).min(rows)));
    let centimetres = [UNITS_X, UNITS_Y].iter().all(|field| item.integer(*field) == Some(CENTIMETRE));
    let mm_per_px = centimetres.then(|| {
        // A delta is negative where the physical axis runs against the pixels.
        let mm = |field| item.number(field).map(|cm| (cm.abs() * MM_PER_CM) as f32);
        let (x, y) = (mm(DELTA_X)?, mm(DELTA_Y)?);
        MmPerPx::new(x, y, CalibrationSource::UltrasoundRegion).ok()
    });
    if mm_per_px == Some(None) {
        issues.push(ReadIssue::RegionScaleIgnored { index });
    }
    Ok(CalibratedRegion { area_px, kind: kind(item), mm_per_px: mm_per_px.flatten() })
}

/// Region Spatial Format (§C.8.5.5.1.1) and Region Data Type (§C.8.5.5.1.2): an M-mode strip (2) has the data type of
/// the tissue it was taken from, and may be the larger of the two on a B/M screen. Where no format is written, which
/// the standard does not allow, the data type is believed.
fn kind(item: &Header) -> RegionKind {
    const TWO_DIMENSIONS: i64 = 1;
    let format = item.integer(SPATIAL_FORMAT).unwrap_or(TWO_DIMENSIONS);
    match (format, item.integer(DATA_TYPE)) {
        (TWO_DIMENSIONS, Some(1)) => RegionKind::Tissue,
        (TWO_DIMENSIONS, Some(2)) => RegionKind::Colour,
        _ => RegionKind::Other,
    }
}

/// Pixel Spacing (0028,0030), row spacing first (PS3.3 §10.7.1.3), where it is a size in the patient.
fn pixel_spacing(header: &Header, issues: &mut Vec<ReadIssue>) -> Spacing {
    if !header.has(header::PIXEL_SPACING) {
        return Spacing::Unknown;
    }
    if !pixel_spacing_is_legal(header) {
        issues.push(ReadIssue::PixelSpacingNotLegal);
        return Spacing::Unknown;
    }
    let mm_per_px = match header.numbers(header::PIXEL_SPACING)[..] {
        [row_mm, column_mm] => {
            MmPerPx::new(column_mm as f32, row_mm as f32, CalibrationSource::PixelSpacing).ok()
        }
        _ => None,
    };
    mm_per_px.map_or_else(
        || {
            issues.push(ReadIssue::ValueIgnored { field: header::PIXEL_SPACING });
            Spacing::Unknown
        },
        Spacing::Uniform,
    )
}

/// The ultrasound image modules have no Pixel Spacing (PS3.3 tables A.6-1 and A.7-1): where it is written there
/// anyway nobody says which of the pictures on the screen it means. Projections have it at the detector unless a
/// calibration type says otherwise (§10.7.1.1). Cross-sections and calibrated secondary captures mean it.
fn pixel_spacing_is_legal(header: &Header) -> bool {
    const SECONDARY_CAPTURE: &str = "1.2.840.10008.5.1.4.1.1.7";
    let sop_class = header.code(header::SOP_CLASS_UID).unwrap_or_default();
    let secondary_capture =
        sop_class == SECONDARY_CAPTURE || sop_class.starts_with("1.2.840.10008.5.1.4.1.1.7.");
    let modality = header.code(header::MODALITY).unwrap_or_default();
    secondary_capture
        || header.has(header::SPACING_CALIBRATION_TYPE)
        || matches!(modality.as_str(), "CT" | "MR" | "NM" | "PT")
}
