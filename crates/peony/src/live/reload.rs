//! SIGHUP: the configuration is read again. What can change while the program runs does; what cannot is named; what is wrong changes nothing.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use peony_node::Configuration;
use peony_web::Tls;
use tokio::runtime::Handle;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::checked::Checked;
use crate::cli::Command;
use crate::configuration::{self, Configured, Wrong};
use crate::log::Log;

/// What of a program that runs follows the configuration.
pub struct Reload {
    /// The command line, which goes before what is read again.
    pub line: Vec<OsString>,
    /// What the program was started with.
    pub started: Configured,
    pub tls: Option<Tls>,
    pub node: watch::Sender<Arc<Configuration>>,
    pub quiet: watch::Sender<Duration>,
    pub log: Log,
}

impl Reload {
    /// Reads it again whenever the program is asked to, from now on.
    ///
    /// # Errors
    /// Where the system gives no signal.
    pub fn keep_up(self, handle: &Handle) -> std::io::Result<JoinHandle<()>> {
        let _here = handle.enter();
        // Until it is waited for, the signal ends the program.
        #[cfg(unix)]
        let mut asked = signal(SignalKind::hangup())?;
        Ok(handle.spawn(async move {
            loop {
                #[cfg(unix)]
                if asked.recv().await.is_none() {
                    return;
                }
                // Nothing asks for it on another system.
                #[cfg(not(unix))]
                std::future::pending::<()>().await;
                for fault in self.read_again().err().into_iter().flatten() {
                    tracing::error!("the configuration stays as it was: {fault}");
                }
            }
        }))
    }

    fn read_again(&self) -> Result<(), Vec<String>> {
        let wrong = |wrong| match wrong {
            Wrong::Usage(error) => vec![error.to_string()],
            Wrong::Faults(faults) => faults,
        };
        let read = configuration::read(&self.line, &|name| std::env::var_os(name)).map_err(wrong)?;
        let Command::Serve(args) = &read.cli.command else { return Ok(()) };
        let Checked { web, node, .. } = Checked::of(args, &read.neighbours)?;
        let mut waits = self.started.waits_for_the_next_start(&read);
        match (&self.tls, &web.tls) {
            (Some(running), Some(new)) => running.follow(new),
            (None, None) => {}
            _ => waits.push("http.certificate".to_owned()),
        }
        if self.node.borrow().tls.is_some() == node.tls.is_some() {
            self.node.send_replace(Arc::new(node));
        } else {
            waits.push("dicom.tls, and with it all of dicom".to_owned());
        }
        self.quiet.send_replace(Duration::from_secs(args.quiet_seconds));
        self.log.set(read.cli.log_level());
        for place in waits {
            tracing::warn!("the configuration has another {place}: it holds from the next start");
        }
        tracing::info!("the configuration was read again");
        Ok(())
    }
}
