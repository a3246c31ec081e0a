//! A page to build against without a model or a phantom: a dark disc drifts over noise and is "found" exactly.
//!
//! `cargo run -p peony-web --example drifting_lesion [SECONDS]` prints the address, and at the end how
//! long `Hub::publish` took, which is what the pipeline's thread pays for the page.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use image::{GrayImage, Luma};
use peony_examination::{Archive, Opened};
use peony_model::{
    BiRads, BoxPx, CalibrationSource, Code, Finding, Frame, Measurement, MmPerPx, Pixels, PointPx, Precision,
    Provenance, QualityCode, QualityIssue, Quantity, Region, Spacing,
};
use peony_ultrasound::output::{Event, PlaneReason, Quality, StepOutput, Timings, TrackState, VolumeState};
use peony_web::wire::{Fault, Source, SourceKind, Truth};
use peony_web::{Capture, Hub, Room, Rooms, ServeConfig, SourceCommand, start};

const SIZE_PX: [u32; 2] = [640, 480];
const RADIUS_PX: f32 = 60.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds: u64 = std::env::args().nth(1).map_or(Ok(3600), |text| text.parse())?;
    let source = Source {
        kind: SourceKind::Phantom,
        name: "drifting disc".to_owned(),
        fps: Some(30.0),
        faults: vec![Fault::TooDark, Fault::TooFast],
        can_restart: true,
        can_renew: true,
        has_truth: true,
    };
    let folder = tempfile::tempdir()?;
    let archive = Arc::new(Archive::open(folder.path())?);
    let examination = archive.begin(opened())?;
    let (hub, commands) = Hub::new(source, Err("this example has no model".to_owned()), examination);
    let rooms = Rooms::new(Arc::clone(&archive), None);
    rooms.add(Room { hub: Arc::clone(&hub), seat: None, life: Arc::new(()) });
    let server = start(ServeConfig::default(), rooms, axum::Router::new())?;
    println!("{}", server.url());
    let mut costs = sweep(&hub, &commands, &archive, Duration::from_secs(seconds))?;
    costs.sort();
    let at = |percent: usize| costs.get(costs.len() * percent / 100).copied().unwrap_or_default();
    println!("publish, {} frames of {SIZE_PX:?}: p50 {:?}, p99 {:?}", costs.len(), at(50), at(99));
    Ok(server.stop()?)
}

fn opened() -> Opened {
    Opened {
        id: String::new(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        source: "phantom".to_owned(),
        simulated: true,
        machine: None,
        lexicon_edition: "birads_5".to_owned(),
        site: String::new(),
    }
}

/// Publishes until the time is over; how long each publishing took.
fn sweep(
    hub: &Hub,
    commands: &Receiver<SourceCommand>,
    archive: &Archive,
    limit: Duration,
) -> Result<Vec<Duration>, Box<dyn std::error::Error>> {
    let (began, mut costs) = (Instant::now(), Vec::new());
    let (mut index, mut paused, mut too_fast) = (0, false, false);
    while began.elapsed() < limit {
        let next = Instant::now() + Duration::from_millis(33);
        for command in commands.try_iter() {
            match command {
                SourceCommand::SetPaused(rest) => paused = rest,
                SourceCommand::SetFault { fault, on } => too_fast = on && fault == Fault::TooFast,
                SourceCommand::Restart | SourceCommand::NewBreast { .. } => {
                    hub.begin_sweep(archive.begin(opened())?);
                    (index, paused) = (0, false);
                }
            }
        }
        if !paused {
            let captured = Instant::now();
            let frame = frame(index)?;
            let output = said_of(&frame, too_fast)?;
            let publishing = Instant::now();
            let capture = Capture { captured, dropped: 0, truth: &[] as &[Truth], model_failed: false };
            hub.publish(&frame, &output, capture);
            costs.push(publishing.elapsed());
            index += 1;
        }
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok(costs)
}

fn centre(index: u64) -> PointPx {
    let phase = (index % 300) as f32 / 300.0;
    PointPx::new(120.0 + 400.0 * phase, 240.0)
}

fn frame(index: u64) -> Result<Frame, Box<dyn std::error::Error>> {
    let centre = centre(index);
    let picture = GrayImage::from_fn(SIZE_PX[0], SIZE_PX[1], |x, y| {
        let noise =
            (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503).wrapping_add(index as u32)) >> 7 & 63;
        let inside = PointPx::new(x as f32, y as f32).distance_to(centre) < RADIUS_PX;
        Luma([if inside { 10 } else { 70 + noise as u8 }])
    });
    let mm_per_px = MmPerPx::new(0.08, 0.08, CalibrationSource::Phantom)?;
    let spacing = Spacing::Uniform(mm_per_px);
    Ok(Frame { index, time_ns: index * 33_333_333, pixels: Pixels::Luma8(picture), spacing })
}

fn said_of(frame: &Frame, too_fast: bool) -> Result<StepOutput, Box<dyn std::error::Error>> {
    let centre = centre(frame.index);
    let on_rim = |step: u32| {
        let angle = step as f32 / 64.0 * std::f32::consts::TAU;
        PointPx::new(centre.x + RADIUS_PX * angle.cos(), centre.y + RADIUS_PX * angle.sin())
    };
    let contour_px: Vec<PointPx> = (0..64).map(on_rim).collect();
    let box_px = BoxPx::from_points(&contour_px);
    let mm_per_px = frame.spacing.within(box_px).ok_or("the disc lies outside the scale")?;
    let across = mm_per_px.distance(on_rim(0), on_rim(32));
    let provenance = Provenance {
        model: "none".to_owned(),
        version: "0".to_owned(),
        sha256: String::new(),
        provider: "example".to_owned(),
        precision: Precision::Fp32,
    };
    let finding = Finding {
        code: Code::LESION,
        region: Region::Image { frame: frame.index, box_px, contour_px },
        score: 0.9,
        malignancy: Some(0.62),
        assessment: Some(BiRads::Cat4C),
        descriptors: Vec::new(),
        measurements: vec![
            Measurement::length(Quantity::LongAxis, across),
            Measurement::length(Quantity::ShortAxis, across),
        ],
        provenance: Arc::new(provenance),
    };
    let confirmed = frame.index >= 5;
    let track = TrackState {
        id: 1,
        letter: confirmed.then_some('A'),
        finding: Some(0),
        box_px,
        sightings: u32::try_from(frame.index)? + 1,
        malignancy: Some(0.62),
        malignancy_95: Some([0.48, 0.75]),
        assessment: Some(BiRads::Cat4C),
        descriptors: Vec::new(),
        focus_px: None,
        evidence: None,
        look: None,
        seen_with: Vec::new(),
    };
    let key_plane = Event::KeyPlane { track: 1, reason: PlaneReason::Largest, box_px };
    let issue = QualityIssue::new(QualityCode::TooFast).with_figure(24.0, 15.0);
    let whole = BoxPx::new(PointPx::new(0.0, 0.0), PointPx::new(SIZE_PX[0] as f32, SIZE_PX[1] as f32));
    Ok(StepOutput {
        frame: frame.index,
        time_ns: frame.time_ns,
        size_px: frame.size_px(),
        quality: Quality {
            issues: if too_fast { vec![issue] } else { Vec::new() },
            picture_px: Some(whole),
            scale: None,
            speed_mm_s: Some(if too_fast { 24.0 } else { 8.0 }),
            contact_lost: None,
        },
        findings: vec![finding],
        tracks: vec![track],
        malignancy: Some(0.62),
        lesion: Some(0.9),
        volume: VolumeState::default(),
        events: if frame.index % 100 == 10 { vec![key_plane] } else { Vec::new() },
        timings: Timings::default(),
    })
}
