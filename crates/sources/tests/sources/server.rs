//! A server that comes, goes and comes back, over TCP.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use peony_sources::igtl::Server;
use peony_sources::{Backoff, Event, LiveSource};

use crate::wire::{Content, Envelope};

const MS: Duration = Duration::from_millis(1);

/// Tries again a hundred times as often as the program does.
const QUICK: Backoff = Backoff {
    waits: [
        Duration::from_millis(2),
        Duration::from_millis(5),
        Duration::from_millis(10),
        Duration::from_millis(20),
    ],
};

fn listen(address: Option<SocketAddr>) -> (TcpListener, SocketAddr) {
    let address = address.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into());
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A source, and the connection that it made to `listener`.
fn start(listener: &TcpListener, address: SocketAddr) -> (LiveSource, TcpStream) {
    start_with(Server { silence_limit: 60_000 * MS, ..Server::new(address.to_string()) }, listener)
}

fn start_with(server: Server, listener: &TcpListener) -> (LiveSource, TcpStream) {
    let source = LiveSource::start(server, QUICK).unwrap();
    (source, listener.accept().unwrap().0)
}

/// Sends a picture taken at so many milliseconds by the server's clock.
fn send(stream: &mut TcpStream, stamp_ms: u64) {
    let stamp = (1_700_000_000_u64 << 32) + (stamp_ms << 32) / 1000;
    let bytes = Envelope { stamp, ..Envelope::default() }.message(&Content::grey(64, 64).bytes());
    stream.write_all(&bytes).unwrap();
}

/// The next frame's number and time, nothing else coming before it.
fn frame(source: &mut LiveSource) -> (u64, u64) {
    match source.next() {
        Some(Event::Frame(frame)) => (frame.index, frame.time_ns / 1_000_000),
        other => panic!("no frame: {other:?}"),
    }
}

fn lost(source: &mut LiveSource) -> (Duration, String) {
    match source.next() {
        Some(Event::Lost { since, why }) => (since.elapsed(), why.to_string()),
        other => panic!("not lost: {other:?}"),
    }
}

#[test]
fn an_examination_goes_on_through_a_drop_out() {
    let (listener, address) = listen(None);
    let (mut source, mut stream) = start(&listener, address);
    for index in 0..3 {
        send(&mut stream, index * 40);
        assert_eq!(frame(&mut source), (index, index * 40));
    }
    drop((stream, listener));
    let (_, why) = lost(&mut source);
    assert_eq!(why, "the connection was closed by the other side");
    sleep(300 * MS); // the tries in between are refused
    let (_, why) = lost(&mut source);
    assert!(why.starts_with("cannot connect: "), "the latest reason is told, and once: {why}");
    let (listener, _) = listen(Some(address));
    let (mut stream, _) = listener.accept().unwrap();
    send(&mut stream, 420);
    assert!(matches!(source.next(), Some(Event::Back)));
    assert_eq!(frame(&mut source), (3, 420), "the number and the time go on");
    send(&mut stream, 460);
    assert_eq!(frame(&mut source), (4, 460));
}

#[test]
fn a_server_that_starts_anew_with_another_clock_leaves_a_gap_all_the_same() {
    let (listener, address) = listen(None);
    let (mut source, mut stream) = start(&listener, address);
    send(&mut stream, 100_000);
    send(&mut stream, 100_040);
    let mut last = frame(&mut source);
    if last.0 == 0 {
        last = frame(&mut source);
    }
    assert_eq!(last, (1, 40));
    let dropped_out = Instant::now();
    drop(stream);
    lost(&mut source);
    sleep(150 * MS);
    let (mut stream, _) = listener.accept().unwrap();
    send(&mut stream, 0);
    assert!(matches!(source.next(), Some(Event::Back)));
    let (index, time_ms) = frame(&mut source);
    let gap = u128::from(time_ms - 40);
    let most = dropped_out.elapsed().as_millis() + 100;
    assert!(index == 2 && (150..=most).contains(&gap), "frame {index} after {gap} ms of at most {most}");
}

#[test]
fn a_server_that_is_not_there_is_said_once_and_waited_for() {
    let (listener, address) = listen(None);
    drop(listener);
    let mut source = LiveSource::start(Server::new(address.to_string()), QUICK).unwrap();
    let (_, why) = lost(&mut source);
    assert!(why.starts_with("cannot connect: "), "{why}");
    sleep(60 * MS);
    let (listener, _) = listen(Some(address));
    let (mut stream, _) = listener.accept().unwrap();
    send(&mut stream, 0);
    assert!(matches!(source.next(), Some(Event::Back)), "one outage is said once");
    assert_eq!(frame(&mut source), (0, 0));
}

#[test]
fn a_server_that_falls_silent_is_lost() {
    let (listener, address) = listen(None);
    let server = Server { silence_limit: 300 * MS, ..Server::new(address.to_string()) };
    let (mut source, mut stream) = start_with(server, &listener);
    send(&mut stream, 0);
    assert_eq!(frame(&mut source), (0, 0));
    // Half a message, and then nothing though the connection stands.
    stream.write_all(&Content::grey(64, 64).message()[..100]).unwrap();
    let (since, why) = lost(&mut source);
    assert_eq!(why, "nothing came for 0.3 s");
    assert!(since >= 300 * MS, "{since:?}");
    let (mut again, _) = listener.accept().unwrap();
    send(&mut again, 600);
    assert!(matches!(source.next(), Some(Event::Back)));
    assert_eq!(frame(&mut source).0, 1);
}

#[test]
fn the_newest_frame_is_kept_and_the_rest_counted() {
    let (listener, address) = listen(None);
    let (mut source, mut stream) = start(&listener, address);
    let mut torn = Content::grey(64, 64).message();
    *torn.last_mut().unwrap() ^= 1;
    stream.write_all(&torn).unwrap();
    for index in 0..50 {
        send(&mut stream, index * 10);
    }
    while source.counts().dropped < 49 {
        sleep(MS);
    }
    assert_eq!(frame(&mut source), (49, 490));
    let counts = source.counts();
    assert_eq!((counts.dropped, counts.damaged), (49, 1));
}

#[test]
fn a_large_picture_comes_in_many_pieces() {
    let (listener, address) = listen(None);
    let (mut source, mut stream) = start(&listener, address);
    let bytes = Content::of([1024, 768, 1], 3, crate::wire::U8).message();
    for piece in bytes.chunks(100_003) {
        stream.write_all(piece).unwrap();
        sleep(2 * MS);
    }
    let Some(Event::Frame(frame)) = source.next() else { panic!("no frame") };
    assert_eq!(frame.size_px(), [1024, 768]);
}

#[test]
fn a_source_that_nobody_reads_any_more_hangs_up() {
    let (listener, address) = listen(None);
    let (source, mut stream) = start(&listener, address);
    drop(source);
    let deadline = Instant::now() + 10_000 * MS;
    let picture = Content::grey(64, 64).message();
    while stream.write_all(&picture).is_ok() {
        assert!(Instant::now() < deadline, "still connected");
        sleep(5 * MS);
    }
}
