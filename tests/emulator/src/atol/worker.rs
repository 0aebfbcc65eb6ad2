//! The worker of a group: lets the registers look at the queue for as long as there is work
//! (protocol/atol.md 4.1 item 19).

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::group::Group;
use super::{Atol, callback};

/// Works for one group until it is retired.
pub async fn run(atol: Weak<Atol>, group: Arc<Group>) {
    loop {
        group.wake.notified().await;
        loop {
            let Some(tick_ms) = atol.upgrade().map(|atol| atol.switches().tick_ms) else {
                return;
            };
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(tick_ms)) => {}
                () = group.hurry.notified() => {
                    if group.desk.lock().is_retired() {
                        return;
                    }
                    continue;
                }
            }
            let Some(atol) = atol.upgrade() else {
                return;
            };
            let Ok(looked) = group.look(&atol.frame, &atol.switches()) else {
                return;
            };
            for index in looked.finished {
                atol.frame.runtime.spawn(callback::deliver(atol.clone(), group.clone(), index));
            }
            if !looked.more {
                break;
            }
        }
    }
}
