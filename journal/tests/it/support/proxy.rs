//! A wire between a journal and its server that can be cut at the worst moment.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes bytes on, both ways. Armed, it passes the next publish to the journal on, swallows what the server says to
/// it, and cuts the connection.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    armed: AtomicBool,
    delaying: AtomicBool,
    delayed: Mutex<Option<Delayed>>,
    held: watch::Sender<bool>,
    mute: AtomicBool,
    cuts: AtomicUsize,
}

/// A publish that is still on its way, on a connection whose other end is gone.
struct Delayed {
    publish: Vec<u8>,
    server: TcpStream,
}

impl Proxy {
    pub async fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port can be had");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(State::default());
        tokio::spawn(accept(listener, server.to_owned(), Arc::clone(&state)));
        Proxy { address, state }
    }

    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// The next publish arrives, its acknowledgement does not, and the connection breaks.
    pub fn cut_after_next_publish(&self) {
        self.state.armed.store(true, Ordering::SeqCst);
    }

    /// The next publish is kept on the wire and the connection breaks. It arrives just before the publish after it.
    pub fn delay_next_publish(&self) {
        self.state.delaying.store(true, Ordering::SeqCst);
    }

    /// While it is held, nobody gets through that comes anew.
    pub fn hold(&self, hold: bool) {
        self.state.held.send_replace(hold);
    }

    /// Returns when the connection has been cut.
    pub async fn is_cut(&self) {
        while self.cuts() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// From now on the server's answers are lost, while the connection stays.
    pub fn mute(&self, mute: bool) {
        self.state.mute.store(mute, Ordering::SeqCst);
    }

    pub fn cuts(&self) -> usize {
        self.state.cuts.load(Ordering::SeqCst)
    }
}

async fn accept(listener: TcpListener, server: String, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        let (server, state) = (server.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            let released = state.held.subscribe().wait_for(|held| !held).await.is_ok();
            if let Ok(server) = TcpStream::connect(&server).await
                && released
            {
                pass(client, server, state).await;
            }
        });
    }
}

async fn pass(client: TcpStream, server: TcpStream, state: Arc<State>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    let mut cutting = false;
    loop {
        tokio::select! {
            read = from_client.read(&mut up) => {
                let Ok(count @ 1..) = read else { return };
                let bytes = &up[..count];
                let publishes = contains(bytes, b"HPUB ln.");
                if publishes && state.delaying.swap(false, Ordering::SeqCst) {
                    let server = from_server.reunite(to_server).expect("they are two halves of one");
                    *state.delayed.lock().expect("nobody panics") = Some(Delayed { publish: bytes.to_vec(), server });
                    state.cuts.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                let delayed = if publishes { state.delayed.lock().expect("nobody panics").take() } else { None };
                if let Some(Delayed { publish, mut server }) = delayed {
                    server.write_all(&publish).await.expect("the server is there");
                    assert_ne!(server.read(&mut down).await.ok(), Some(0), "the server answers");
                }
                if publishes && state.armed.swap(false, Ordering::SeqCst) {
                    cutting = true;
                }
                if to_server.write_all(bytes).await.is_err() {
                    return;
                }
            }
            read = from_server.read(&mut down) => {
                let Ok(count @ 1..) = read else { return };
                if cutting {
                    // The server has answered, so the publish is in the log. Nobody will hear of it.
                    state.cuts.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                if !state.mute.load(Ordering::SeqCst) && to_client.write_all(&down[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}
