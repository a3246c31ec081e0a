//! What is written anew waits for who takes it, and for nobody else.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use peony_dicom::DicomError;
use peony_dicom::written::Target;
use peony_store::StoreError;
use peony_store::made_up::{self, Pixels};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use crate::kit;

const A_WHILE: Duration = Duration::from_secs(10);
/// Some 30 pieces.
const LONG: Pixels = Pixels::Native { frames: 30, size: [480, 640] };

fn one_place() -> (Arc<Semaphore>, OwnedSemaphorePermit) {
    let places = Arc::new(Semaphore::new(1));
    let place = Arc::clone(&places).try_acquire_owned().unwrap();
    (places, place)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_waits_for_who_takes_slowly_and_ends_with_who_goes_away() {
    let (_folder, store) = kit::store().await;
    kit::receive(&store, &kit::file(1, &[], LONG)).await.unwrap();
    let kept = kit::kept(&store, &made_up::attributes(1)[&kit::INSTANCE_UID]).await.unwrap();
    let (places, place) = one_place();
    let mut parts = Box::pin(store.rewritten(&kept, Target::ImplicitLittle, place, None).await.unwrap());
    let first = parts.next().await.unwrap().unwrap();
    assert!(first.len() <= 512 << 10, "{}", first.len());
    sleep(Duration::from_millis(200)).await;
    assert_eq!(places.available_permits(), 0, "most of it is not taken");
    drop(parts);
    timeout(A_WHILE, places.acquire()).await.expect("it goes on for nobody").unwrap().forget();

    // Who takes it slowly gets it whole.
    let parts = store.rewritten(&kept, Target::ImplicitLittle, (), Some(A_WHILE)).await.unwrap();
    let slowly = parts.and_then(async |part| {
        sleep(Duration::from_millis(5)).await;
        Ok(part.len())
    });
    let length: usize = slowly.try_collect::<Vec<_>>().await.unwrap().iter().sum();
    assert!(length > 30 * 480 * 640, "{length}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_nothing_for_too_long_does_not_take_half_for_all() {
    let (_folder, store) = kit::store().await;
    kit::receive(&store, &kit::file(1, &[], LONG)).await.unwrap();
    let kept = kit::kept(&store, &made_up::attributes(1)[&kit::INSTANCE_UID]).await.unwrap();
    let (places, place) = one_place();
    let silence = Some(Duration::from_millis(30));
    let parts = store.rewritten(&kept, Target::ImplicitLittle, place, silence).await.unwrap();
    timeout(A_WHILE, places.acquire()).await.expect("it waits for ever").unwrap().forget();
    let taken = parts.collect::<Vec<_>>().await;
    assert!(taken.len() < 10, "{}", taken.len());
    assert!(matches!(taken.last(), Some(Err(StoreError::Interrupted(_)))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_decoded_is_an_error_before_anything_comes() {
    let (_folder, store) = kit::store().await;
    let coded = Pixels::Coded { frames: 2, frame_bytes: 300 };
    kit::receive(&store, &kit::file(1, &[], coded)).await.unwrap();
    let kept = kit::kept(&store, &made_up::attributes(1)[&kit::INSTANCE_UID]).await.unwrap();
    let (places, place) = one_place();
    let made = store.rewritten(&kept, Target::ExplicitLittle, place, None).await;
    assert!(matches!(made.err(), Some(StoreError::Dicom(DicomError::Coded { .. }))));
    timeout(A_WHILE, places.acquire()).await.expect("its place is given back").unwrap().forget();
}
