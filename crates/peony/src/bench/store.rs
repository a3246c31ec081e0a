//! `peony bench store`: what the store takes in with everything synced, how soon one frame is there, how soon a question is answered, and how long it
//! takes to look at everything, on made-up objects and studies.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use peony_dicom::{Level, Tag};
use peony_store::made_up::{self, Pixels};
use peony_store::{Checked, Options, Query, Store, Which};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;
use serde::Serialize;

use super::{Percentiles, SEED, percentiles_of, resident_mb};
use crate::cli::BenchStoreArgs;
use crate::exit::Outcome;
use crate::storage::block_on;

/// What an ultrasound machine sends as a still, and a mammogram.
const STILL: Pixels = Pixels::Native { frames: 1, size: [480, 548] };
const MAMMOGRAM: Pixels = Pixels::Native { frames: 1, size: [4608, 3690] };
const CINE: Pixels = Pixels::Coded { frames: 300, frame_bytes: 60_000 };
/// Small, so that what an object costs counts and not its bytes.
const SMALL: Pixels = Pixels::Native { frames: 1, size: [32, 64] };
/// As large as what a PDU or a body brings at a time.
const PART_BYTES: usize = 64 << 10;
/// Where made-up instances of the writers begin; the index of queries begins at 0.
const FIRST: u64 = 1 << 40;

#[derive(Debug, Serialize)]
struct Report {
    receive: Vec<Receive>,
    frame: Vec<Asked>,
    query: Vec<Asked>,
    check: Option<Check>,
    studies: u64,
    /// Seconds that filling the index of queries took; 0 where there is none.
    fill_seconds: f64,
    rss_mb: f64,
}

#[derive(Debug, Serialize)]
struct Receive {
    bytes: usize,
    writers: u64,
    received: u64,
    a_second: f64,
    mb_a_second: f64,
    ms: Percentiles,
    rss_mb: f64,
}

#[derive(Debug, Serialize)]
struct Asked {
    what: &'static str,
    readers: u64,
    answered: usize,
    ms: Percentiles,
}

/// Everything looked at once, as `peony check` does.
#[derive(Debug, Serialize)]
struct Check {
    objects: u64,
    bytes: u64,
    fill_seconds: f64,
    seconds: f64,
    a_second: f64,
    rss_mb: f64,
}

/// Measures and prints.
///
/// # Errors
/// Where the folder or the index cannot be had, or the store refuses.
pub fn run(args: &BenchStoreArgs) -> Result<Outcome> {
    block_on(bench(args))
}

async fn bench(args: &BenchStoreArgs) -> Result<Outcome> {
    let folder =
        tempfile::Builder::new().prefix("peony-bench-").disable_cleanup(args.keep).tempdir_in(&args.data);
    let folder = folder.with_context(|| args.data.display().to_string())?;
    let options = Options { index: args.index.clone(), ..Options::in_folder(folder.path()) };
    let store = Store::open(&options).await?;
    let time = Duration::from_secs(args.seconds);
    let mut receive = Vec::new();
    let mut next = FIRST;
    for pixels in [STILL, MAMMOGRAM] {
        for writers in [1, 8] {
            let measured = take_in(&store, pixels, writers, time, next).await?;
            next += 1 << 32;
            receive.push(measured);
        }
    }
    let mut frame = Vec::new();
    let cine = receive_one(&store, next, CINE).await?;
    for readers in [1, 8] {
        frame.push(frames(&store, &cine, readers, time).await?);
    }
    let mut query = Vec::new();
    let began = Instant::now();
    if args.studies > 0 {
        store.index_made_up(0, args.studies).await?;
    }
    let fill_seconds = began.elapsed().as_secs_f64();
    if args.studies > 0 {
        for what in
            ["the newest 100 studies", "patient", "date", "name prefix", "two words of a name", "accession"]
        {
            for readers in [1, 8] {
                query.push(questions(&store, what, args.studies, readers, time).await?);
            }
        }
    }
    store.close().await;
    let check = match args.objects {
        0 => None,
        objects => Some(check(&folder.path().join("checked"), objects).await?),
    };
    let report =
        Report { receive, frame, query, check, studies: args.studies, fill_seconds, rss_mb: resident_mb() };
    let mut out = std::io::stdout().lock();
    write_table(&mut out, &report)?;
    if args.keep {
        writeln!(out, "kept in {}", folder.path().display())?;
    }
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    }
    Ok(Outcome::Done)
}

async fn take_in(store: &Store, pixels: Pixels, writers: u64, time: Duration, first: u64) -> Result<Receive> {
    // Making pixels is not what is measured.
    let body = Bytes::from(made_up::body(pixels, first));
    let began = Instant::now();
    let each = (0..writers).map(|writer| {
        let (store, body) = (store.clone(), body.clone());
        tokio::spawn(async move {
            let mut took = Vec::new();
            let mut bytes = 0;
            for number in 0_u64.. {
                if began.elapsed() >= time {
                    break;
                }
                let head = head(first + writer * (1 << 24) + number, pixels);
                bytes = head.len() + body.len();
                let sent = Instant::now();
                store.receive("bench", parts(head, body.clone())).await?;
                took.push(sent.elapsed());
            }
            anyhow::Ok((bytes, took))
        })
    });
    let mut took = Vec::new();
    let mut bytes = 0;
    for writer in each.collect::<Vec<_>>() {
        let (length, own) = writer.await??;
        bytes = bytes.max(length);
        took.extend(own);
    }
    let seconds = began.elapsed().as_secs_f64();
    let received = took.len() as u64;
    let a_second = received as f64 / seconds;
    let mb_a_second = a_second * bytes as f64 / 1e6;
    Ok(Receive {
        bytes,
        writers,
        received,
        a_second,
        mb_a_second,
        ms: percentiles_of(took),
        rss_mb: resident_mb(),
    })
}

fn head(number: u64, pixels: Pixels) -> Bytes {
    made_up::head(&made_up::attributes(number), pixels).into()
}

/// A file as the network brings it.
fn parts(head: Bytes, body: Bytes) -> impl Stream<Item = std::io::Result<Bytes>> {
    let starts = (0..body.len()).step_by(PART_BYTES);
    let body = starts.map(move |at| body.slice(at..(at + PART_BYTES).min(body.len())));
    stream::iter([head].into_iter().chain(body).map(Ok))
}

async fn receive_one(store: &Store, number: u64, pixels: Pixels) -> Result<String> {
    let body = made_up::body(pixels, number).into();
    Ok(store.receive("bench", parts(head(number, pixels), body)).await?.instance_uid)
}

/// A random frame of a cine, from its UID to its bytes.
async fn frames(store: &Store, instance_uid: &str, readers: u64, time: Duration) -> Result<Asked> {
    let took = ask(store, readers, time, |store, mut random| async move {
        let which = Which { instance_uid: Some(instance_uid), ..Which::default() };
        let kept = store.instances(which).await?;
        let kept = kept.first().context("the cine is not there")?;
        store.frame(kept, random.random_range(0..kept.frame_count)).await?;
        anyhow::Ok(())
    })
    .await?;
    Ok(Asked { what: "a random frame of 300", readers, answered: took.len(), ms: percentiles_of(took) })
}

async fn questions(
    store: &Store,
    what: &'static str,
    studies: u64,
    readers: u64,
    time: Duration,
) -> Result<Asked> {
    let took = ask(store, readers, time, |store, mut random| async move {
        let one = made_up::attributes(random.random_range(0..studies));
        let said = |group, element| one.get(&Tag(group, element)).cloned().unwrap_or_default();
        let all = Query::all(Level::Study);
        let (name, date) = (said(0x0010, 0x0010), said(0x0008, 0x0020));
        let query = match what {
            "patient" => all.matching(Tag(0x0010, 0x0020), &said(0x0010, 0x0020)),
            "date" => all.matching(Tag(0x0008, 0x0020), &date),
            "name prefix" => {
                let letters = name.find('^').unwrap_or_default() + 3;
                all.matching(Tag(0x0010, 0x0010), &format!("{}*", name.get(..letters).unwrap_or_default()))
            }
            "two words of a name" => {
                let words = name.split('=').next().unwrap_or_default().split('^').collect::<Vec<_>>();
                all.matching(Tag(0x0010, 0x0010), &words.join(" ")).fuzzy(true)
            }
            "accession" => all.matching(Tag(0x0008, 0x0050), &said(0x0008, 0x0050)),
            _ => all,
        };
        anyhow::ensure!(
            !store.query(&query).await?.found.is_empty(),
            "a made-up study was not found by {what}"
        );
        Ok(())
    })
    .await?;
    Ok(Asked { what, readers, answered: took.len(), ms: percentiles_of(took) })
}

/// Fills a store and checks it.
async fn check(folder: &Path, objects: u64) -> Result<Check> {
    let store = Store::open(&Options::in_folder(folder)).await?;
    let began = Instant::now();
    store.keep_made_up(0, objects, SMALL).await?;
    let fill_seconds = began.elapsed().as_secs_f64();
    let (began, mut first) = (Instant::now(), None);
    let Checked { objects: looked_at, bytes, faults } =
        store.check(|fault| first = first.take().or(Some(fault))).await?;
    let seconds = began.elapsed().as_secs_f64();
    anyhow::ensure!(
        faults == 0 && looked_at == objects,
        "{faults} faults in made-up objects, such as {first:?}"
    );
    store.close().await;
    Ok(Check {
        objects,
        bytes,
        fill_seconds,
        seconds,
        a_second: objects as f64 / seconds,
        rss_mb: resident_mb(),
    })
}

/// Asks again and again, `readers` at the same time.
async fn ask<'a, F>(
    store: &'a Store,
    readers: u64,
    time: Duration,
    question: impl Fn(&'a Store, Pcg64Mcg) -> F,
) -> Result<Vec<Duration>>
where
    F: Future<Output = Result<()>>,
{
    let began = Instant::now();
    let each = (0..readers).map(|reader| {
        let question = &question;
        async move {
            let mut took = Vec::new();
            let mut random = Pcg64Mcg::seed_from_u64(SEED + reader);
            while began.elapsed() < time {
                let own = Pcg64Mcg::seed_from_u64(random.random());
                let asked = Instant::now();
                question(store, own).await?;
                took.push(asked.elapsed());
            }
            anyhow::Ok(took)
        }
    });
    let each: Vec<Result<Vec<Duration>>> =
        stream::iter(each).buffer_unordered(usize::try_from(readers)?).collect().await;
    Ok(each.into_iter().collect::<Result<Vec<_>>>()?.concat())
}

fn write_table(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    writeln!(
        out,
        "{:<30} {:>7} {:>9} {:>9} {:>8} {:>8} {:>8}",
        "", "at once", "a second", "MB/s", "p50 ms", "p99 ms", "RSS MB"
    )?;
    for one in &report.receive {
        let Receive {
            bytes, writers, a_second, mb_a_second, ms: Percentiles { p50, p99, .. }, rss_mb, ..
        } = one;
        let what = format!("receive {bytes} bytes, synced");
        writeln!(
            out,
            "{what:<30} {writers:>7} {a_second:>9.1} {mb_a_second:>9.1} {p50:>8.2} {p99:>8.2} {rss_mb:>8.1}"
        )?;
    }
    for Asked { what, readers, ms: Percentiles { p50, p99, .. }, .. } in
        report.frame.iter().chain(&report.query)
    {
        writeln!(out, "{what:<30} {readers:>7} {:>9} {:>9} {p50:>8.2} {p99:>8.2}", "", "")?;
    }
    if let Some(Check { objects, bytes, seconds, a_second, rss_mb, .. }) = &report.check {
        let what = format!("check {objects} objects in {seconds:.0} s");
        let mb_a_second = *bytes as f64 / 1e6 / seconds;
        writeln!(
            out,
            "{what:<30} {:>7} {a_second:>9.1} {mb_a_second:>9.1} {:>8} {:>8} {rss_mb:>8.1}",
            "", "", ""
        )?;
    }
    writeln!(out, "{} made-up studies, {:.1} MB resident at the end", report.studies, report.rss_mb)
}
