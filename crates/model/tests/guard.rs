//! Guarded panics are caught and silent, and no others. The panic hook is the process's, so this is one test.

use std::sync::atomic::{AtomicUsize, Ordering};

use peony_model::{guarded, quiet_guarded_panics};

#[test]
fn guarded_panics_are_silent_and_others_are_not() {
    static SAID: AtomicUsize = AtomicUsize::new(0);
    std::panic::set_hook(Box::new(|_| {
        SAID.fetch_add(1, Ordering::Relaxed);
    }));
    let check = |what: &str, said: usize, work: &dyn Fn()| {
        let before = SAID.load(Ordering::Relaxed);
        work();
        assert_eq!(SAID.load(Ordering::Relaxed) - before, said, "{what}");
    };
    let caught = |work: fn()| {
        let panic = guarded(work).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"damaged"));
    };
    let bare = || assert!(std::panic::catch_unwind(|| panic!("ours")).is_err());
    let elsewhere = || assert!(std::thread::spawn(|| panic!("ours")).join().is_err());

    check("before it is asked for", 1, &|| caught(|| panic!("damaged")));
    quiet_guarded_panics();
    quiet_guarded_panics();
    check("guarded", 0, &|| caught(|| panic!("damaged")));
    check("after a guarded panic", 1, &bare);
    check("within another guard", 0, &|| {
        caught(|| {
            assert!(guarded(|| panic!("inner")).is_err());
            panic!("damaged")
        });
    });
    check("on another thread", 1, &|| assert!(guarded(elsewhere).is_ok()));
    check("after them all", 1, &bare);
    assert!(matches!(guarded(|| 7), Ok(7)));
}
