//! Who gives the commands when pages come back.

use tokio_tungstenite::tungstenite::Error;

use crate::page::{Demo, Page};

const LEFT: &str = r#"{"command":"set_side","side":"left"}"#;

fn drives(page: &mut Page) {
    page.draw_until(|update| update["drives"] == true);
}

/// The program was killed under two pages: whichever finds the new one first.
#[test]
fn the_page_that_gave_the_commands_gives_them_again_after_a_stop() {
    let demo = Demo::start();
    demo.publish(1);
    let mut watched = demo.open_again("watching");
    drives(&mut watched);
    let mut commanded = demo.open_again("commanding");
    drives(&mut commanded);
    watched.draw_until(|update| update["drives"] == false);
    commanded.say(LEFT);
    commanded.draw_until(|update| update["state"]["probe"]["side"] == "left");
}

/// A page whose network was away, or that was loaded anew.
#[test]
fn a_page_that_was_away_takes_the_commands_back_unless_another_has_given_one() {
    let demo = Demo::start();
    demo.publish(1);
    let (first, _) = demo.open();
    let (mut second, _) = demo.open();
    drop(first);
    drives(&mut second);
    let mut first = demo.open_again("commanding");
    drives(&mut first);
    drop(first);
    drives(&mut second);
    second.say(LEFT);
    second.draw_until(|update| update["state"]["probe"]["side"] == "left");
    let mut first = demo.open_again("commanding");
    first.draw_until(|update| update["drives"] == false);
}

#[test]
fn what_a_page_never_was_is_refused() {
    let demo = Demo::start();
    match Page::connect(&format!("{}?was=king", demo.socket_url()), None).map_err(|error| *error) {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), 400),
        _ => panic!("it was let in"),
    }
}
