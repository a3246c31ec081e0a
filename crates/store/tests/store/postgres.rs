//! The same on PostgreSQL. A server of the test's own is started, without a port; where there is none to start the test says so and passes.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use peony_store::{Options, Store, StoreError, made_up};
use tempfile::TempDir;

use crate::{
    accounts, checked, deciding, doubts, finding, identity, kit, orders, parted, patients, receiving, rows,
    sendings, upgraded,
};

/// A server with its data in a folder that is gone with it.
struct Server {
    child: Child,
    serve: Box<dyn Fn(&Path) -> Child + Send>,
    folder: TempDir,
    databases: u32,
}

impl Server {
    fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            eprintln!("skipped: no PostgreSQL server (initdb) on this machine");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let owner = owner();
        if let Some((user, group)) = owner {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let of_owner = move |program: PathBuf, folder: &Path| {
            let mut command = Command::new(program);
            if let Some((user, group)) = owner {
                command.uid(user).gid(group);
            }
            command.current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let made = of_owner(programs.join("initdb"), folder.path())
            .arg("-D")
            .arg(&data)
            .args(["-U", "postgres", "-A", "trust", "-N", "-E", "UTF8"])
            .status();
        assert!(made.unwrap().success(), "initdb");
        let serve = move |folder: &Path| {
            let mut command = of_owner(programs.join("postgres"), folder);
            command.arg("-D").arg(folder.join("data")).args(["-c", "listen_addresses=", "-k"]).arg(folder);
            command.spawn().unwrap()
        };
        let child = serve(folder.path());
        Some(Self { child, serve: Box::new(serve), folder, databases: 0 })
    }

    /// It dies at once, with all that was connected.
    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// It is there again, with what it had.
    async fn back(&mut self) {
        // Those that spoke for it end a moment after it, and it does not start beside them.
        let until = Instant::now() + Duration::from_secs(30);
        self.child = (self.serve)(self.folder.path());
        while sqlx::AnyPool::connect(&self.address("postgres")).await.is_err() {
            assert!(Instant::now() < until, "the server is not back");
            if self.child.try_wait().unwrap().is_some() {
                self.child = (self.serve)(self.folder.path());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn address(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.folder.path().display())
    }

    async fn pool(&self) -> sqlx::AnyPool {
        sqlx::any::install_default_drivers();
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            match sqlx::AnyPool::connect(&self.address("postgres")).await {
                Ok(pool) => return pool,
                Err(error) if Instant::now() > until => panic!("the server does not answer: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// A store with a database of its own.
    async fn store(&mut self) -> (TempDir, Store, String) {
        self.databases += 1;
        let name = format!("peony{}", self.databases);
        let pool = self.pool().await;
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&pool).await.unwrap();
        pool.close().await;
        let folder = tempfile::tempdir().unwrap();
        let options = Options { index: Some(self.address(&name)), ..kit::options(&folder) };
        (folder, Store::open(&options).await.unwrap(), self.address(&name))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where `initdb` and `postgres` are: on the path, or where Debian puts them.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).collect::<Vec<_>>();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let debian = debian.filter_map(|version| Some(version.ok()?.path().join("bin")));
    let has_both = |folder: &Path| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    debian.chain(on_path).find(|folder| has_both(folder))
}

/// PostgreSQL does not run as root: then it runs as its own user.
fn owner() -> Option<(u32, u32)> {
    let id = |args: &[&str]| {
        let output = Command::new("id").args(args).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse::<u32>().ok()
    };
    if id(&["-u"]) == Some(0) { Some((id(&["-u", "postgres"])?, id(&["-g", "postgres"])?)) } else { None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_does_what_sqlite_does() {
    let Some(mut server) = Server::start() else { return };
    macro_rules! each {
        ($($scenario:path),* $(,)?) => {
            $(
                let (_folder, store, _) = server.store().await;
                $scenario(&store).await;
                store.close().await;
            )*
        };
    }
    each!(
        receiving::what_was_received_comes_back,
        receiving::a_frame_is_found_without_the_rest,
        receiving::the_same_again_is_accepted_and_another_kept_aside,
        receiving::the_same_in_another_encoding_is_the_same,
        receiving::many_at_once_are_each_answered,
        receiving::who_brings_a_study_is_written_down_once,
        finding::questions_find_what_fits_and_nothing_else,
        finding::what_is_no_day_and_no_number_is_none,
        finding::every_level_answers_with_its_attributes_and_counts,
        finding::pages_give_everything_once,
        finding::pages_behind_a_place_skip_and_repeat_nothing,
        doubts::contradictions_are_shown_until_a_person_settles_them,
        doubts::a_machine_that_sends_letters_alone_contradicts_no_ideographs,
        doubts::what_is_doubtful_is_for_the_eyes_of_its_site,
        doubts::a_site_knows_of_a_patient_what_it_was_sent_itself,
        deciding::what_is_decided_can_be_decided_again,
        deciding::a_contradiction_goes_with_the_object_that_said_it,
        deciding::what_lies_aside_is_kept_once_whoever_sends_it,
        deciding::what_was_said_first_is_said_by_the_one_that_is_taken,
        deciding::of_what_gave_way_nothing_is_found_until_something_comes,
        parted::each_study_is_shown_and_found_by_its_own_name,
        parted::the_same_person_is_found_by_both_names_and_that_is_taken_back,
        parted::another_person_stays_one_and_that_is_taken_back,
        parted::a_study_that_contradicts_itself_can_be_somebody_elses,
        parted::a_study_that_was_put_right_is_its_patients_again,
        parted::who_is_parted_is_so_to_the_eyes_of_their_site,
        identity::what_was_said_is_compared_whoever_said_it,
        identity::silence_hides_nothing,
        identity::what_is_taken_back_is_as_it_was,
        identity::who_is_another_person_is_shown_so_and_leaves_nothing_behind,
        identity::a_study_that_says_more_later_is_another_ones_then,
        identity::what_is_not_handed_out_any_more_is_said_by_nobody,
        patients::a_merge_across_sites_shows_nobody_what_another_site_knows,
        patients::a_merge_moves_studies_and_can_be_undone,
        patients::of_merges_at_once_one_is_done_and_no_study_is_lost,
        patients::a_quiet_study_is_complete_once_and_again_when_more_came,
        patients::many_studies_become_complete_in_several_steps,
        sendings::reports_that_one_peer_is_owed_leave_room_for_those_of_others,
        patients::a_job_is_one_workers_until_its_lease_ends,
        orders::an_order_is_kept_once_and_found_by_its_day,
        orders::an_order_is_for_the_eyes_of_its_site,
        orders::a_step_takes_its_order_along,
        orders::what_only_one_order_may_have_is_given_to_no_second_one,
        orders::an_order_stands_as_all_steps_of_it_say,
        orders::a_step_stays_of_the_order_and_the_patient_that_it_began_with,
        orders::what_others_promise_is_written_down,
        orders::an_order_is_changed_and_cancelled_until_it_begins,
        orders::a_desk_lists_what_it_registers_for_the_sites_that_it_sees,
        patients::a_study_is_complete_when_all_of_it_is_promised,
        sendings::a_sending_waits_runs_fails_and_is_tried_again,
        sendings::what_is_asked_for_again_while_it_is_sent_is_looked_at_once_more,
        sendings::a_site_sees_its_own_sendings_behind_a_hundred_of_others,
        accounts::an_account_is_one_of_its_name_and_there_until_it_is_disabled,
        accounts::a_session_ends_with_its_time_its_account_and_its_password,
        accounts::a_token_is_refused_once_it_is_taken_back_or_its_account_disabled,
        accounts::a_study_is_seen_by_those_of_its_site,
    );
    for seed in 1..6 {
        let (_folder, store, _) = server.store().await;
        identity::however_it_came_about_it_is_as_objects_and_people_say(&store, seed).await;
        store.close().await;
    }
    let (_folder, store, address) = server.store().await;
    patients::the_audit_only_grows(&store, &address).await;
    let (folder, store, address) = server.store().await;
    let options = Options { index: Some(address.clone()), ..kit::options(&folder) };
    upgraded::patients_that_were_one_of_two_sites_come_apart(store, &options, &address).await;
    let (folder, store, address) = server.store().await;
    let options = Options { index: Some(address.clone()), ..kit::options(&folder) };
    upgraded::what_contradicted_before_is_parted(store, &options, &address).await;
    let (folder, store, address) = server.store().await;
    let options = Options { index: Some(address.clone()), ..kit::options(&folder) };
    rows::rows_that_are_gone_or_changed_are_found_and_made_anew(store, &options, &address).await;
    let (folder, store, address) = server.store().await;
    checked::every_fault_is_found(&store, folder.path(), &address).await;
}

/// Two programs with folders of their own on one index: the same instance is kept once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_share_an_index() {
    let Some(mut server) = Server::start() else { return };
    let (_first_folder, first, address) = server.store().await;
    let second_folder = tempfile::tempdir().unwrap();
    let options = Options { index: Some(address), ..kit::options(&second_folder) };
    let second = Store::open(&options).await.unwrap();
    for number in 0..10 {
        let file = kit::file(number, &[], kit::SMALL);
        let (one, other) = tokio::join!(kit::receive(&first, &file), kit::receive(&second, &file));
        let outcomes = [one.unwrap().outcome, other.unwrap().outcome];
        let kept = outcomes.iter().filter(|outcome| **outcome == peony_store::Outcome::Kept).count();
        assert_eq!(kept, 1, "{outcomes:?}");
    }
}

/// A database that goes away costs the answer, not the program, and is taken again when it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_is_an_error() {
    let Some(mut server) = Server::start() else { return };
    let (_folder, store, _) = server.store().await;
    kit::put(&store, 1, &[]).await;
    server.kill();
    let second = kit::file(2, &[], kit::SMALL);
    let gone = kit::receive(&store, &second).await;
    assert!(matches!(gone, Err(StoreError::Index(_))), "{gone:?}");
    server.back().await;
    // Connections of before are found dead and made anew.
    let received = kit::receive(&store, &second).await.unwrap();
    assert_eq!(received.outcome, peony_store::Outcome::Kept, "what was refused is not there by half");
    let kept = kit::kept(&store, &received.instance_uid).await.unwrap();
    assert_eq!(kit::bytes(&store, &kept).await.unwrap(), second);
    assert!(kit::kept(&store, &made_up::attributes(1)[&kit::INSTANCE_UID]).await.is_some());
    assert!(kit::faults(&store).await.is_empty());
}
