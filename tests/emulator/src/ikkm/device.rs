//! A device with its own port: switched on or off, closing every connection after one answer
//! (protocol/ikkm.md 6.1 item E1).

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

use super::seeding::Seeded;
use super::state::State;
use super::switches::Switches;
use super::{Ikkm, NAME, wire};
use crate::clock::rfc3339;
use crate::frame::Refused;

const BACKLOG: u32 = 128;
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// What ends the conversations of a device when it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Life {
    /// Whether it listens.
    listens: bool,
    /// Whether it is taken away for good.
    gone: bool,
    /// Grows at every reboot.
    turn: u64,
}

/// One device.
#[derive(Debug)]
pub struct Device {
    /// How it began.
    pub seeded: Seeded,
    /// Everything about it.
    pub state: Mutex<State>,
    address: SocketAddr,
    life: watch::Sender<Life>,
    /// The port of a device that does not listen, kept from others.
    kept: Mutex<Option<TcpSocket>>,
    /// The listener of a device that was just switched on.
    lit: Mutex<Option<TcpListener>>,
}

impl Device {
    /// A device that listens as soon as [`run`] is spawned.
    pub fn new(seeded: Seeded) -> Result<(Arc<Self>, std::net::TcpListener), Refused> {
        let listening = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, seeded.port));
        let listener = listening.map_err(Refused::new)?;
        listener.set_nonblocking(true).map_err(Refused::new)?;
        let address = listener.local_addr().map_err(Refused::new)?;
        let device = Self {
            state: Mutex::new(State::new(&seeded)),
            seeded,
            address,
            life: watch::Sender::new(Life { listens: true, gone: false, turn: 0 }),
            kept: Mutex::default(),
            lit: Mutex::default(),
        };
        Ok((Arc::new(device), listener))
    }

    /// The serial number.
    pub fn register(&self) -> &str {
        &self.seeded.register
    }

    /// The config for the client library, with the current key.
    pub fn config(&self) -> Value {
        json!({
            "vendor": NAME,
            "base_url": format!("http://{}", self.address),
            "key": self.state.lock().keys.current(),
            "register": self.register(),
        })
    }

    /// Whether it listens.
    pub fn listens(&self) -> bool {
        self.life.borrow().listens
    }

    /// Starts anew; what is under way ends without an answer.
    pub fn reboot(&self, switches: &Switches) {
        self.state.lock().reboot(switches);
        self.interrupt(|_| {});
    }

    /// Listens, or refuses connections. Call it on a runtime.
    pub fn listen(&self, listens: bool) {
        if listens {
            let kept = self.kept.lock().take();
            *self.lit.lock() = kept.and_then(|socket| socket.listen(BACKLOG).ok());
        }
        self.state.lock().working = false;
        self.interrupt(|life| life.listens = listens);
    }

    /// As it began. Call it on a runtime.
    pub fn reset(&self) {
        self.listen(true);
        *self.state.lock() = State::new(&self.seeded);
    }

    /// Stops listening for good.
    pub fn retire(&self) {
        self.interrupt(|life| life.gone = true);
    }

    fn interrupt(&self, change: impl FnOnce(&mut Life)) {
        self.life.send_modify(|life| {
            life.turn += 1;
            change(life);
        });
    }

    /// A listener on the port that was kept.
    fn relit(&self) -> Option<TcpListener> {
        let lit = self.lit.lock().take();
        lit.or_else(|| self.kept.lock().take()?.listen(BACKLOG).ok())
    }

    fn keep_port(&self) {
        let bound = TcpSocket::new_v4().and_then(|socket| {
            socket.set_reuseaddr(true)?;
            socket.bind(self.address)?;
            Ok(socket)
        });
        *self.kept.lock() = bound.ok();
    }
}

/// Accepts connections while the device listens, until it is gone.
pub async fn run(ikkm: Arc<Ikkm>, device: Arc<Device>, listener: std::net::TcpListener) {
    let mut life = device.life.subscribe();
    let mut listener = TcpListener::from_std(listener).ok();
    loop {
        let Life { listens, gone, .. } = *life.borrow_and_update();
        if gone {
            return;
        }
        if !listens && listener.take().is_some() {
            device.keep_port();
            // It may have been switched on again before the port was kept.
            continue;
        }
        if listens && listener.is_none() {
            listener = device.relit();
        }
        tokio::select! {
            Some(stream) = accepted(listener.as_ref()) => {
                tokio::spawn(connection(ikkm.clone(), device.clone(), stream));
            }
            changed = life.changed() => if changed.is_err() { return },
        }
    }
}

async fn accepted(listener: Option<&TcpListener>) -> Option<TcpStream> {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    match listener.accept().await {
        Ok((stream, _)) => Some(stream),
        Err(_) => {
            // Out of file descriptors, most likely: let others close theirs.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// One request and one answer. It goes on when the client hangs up, and ends without an answer
/// when the device starts anew.
async fn connection(ikkm: Arc<Ikkm>, device: Arc<Device>, mut stream: TcpStream) {
    let mut life = device.life.subscribe();
    let Life { listens, gone, .. } = *life.borrow_and_update();
    if !listens || gone {
        return;
    }
    // Without it every small answer may wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    tokio::select! {
        _ = conversation(&ikkm, &device, &mut stream) => {}
        _ = life.changed() => {}
    }
}

async fn conversation(ikkm: &Ikkm, device: &Device, stream: &mut TcpStream) -> std::io::Result<()> {
    if ikkm.closes_at_once(device).await {
        return Ok(());
    }
    let Some((head, body)) = wire::read(stream).await? else {
        return Ok(());
    };
    let frame = ikkm.frame();
    frame.requests.record(rfc3339(frame.clock.now()), &head, &body);
    let reply = ikkm.reply(device, &head, &body).await;
    wire::write(stream, &reply).await
}
