//! Somebody between client and vendor whose answers never end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// Hands requests on, and answers too until it shall not.
pub struct Drip {
    /// Where it listens.
    pub url: String,
    passes: Arc<AtomicU64>,
}

impl Drip {
    /// Stands before `vendor`, an address such as `http://127.0.0.1:40123`, and hands everything on.
    pub async fn before(vendor: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let passes = Arc::new(AtomicU64::new(u64::MAX));
        let (vendor, left) = (vendor.trim_start_matches("http://").to_owned(), passes.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (vendor, left) = (vendor.clone(), left.clone());
                // A side that hangs up ends the connection; that is all there is to an error here.
                tokio::spawn(async move { handed_on(client, &vendor, &left).await.ok() });
            }
        });
        Self { url, passes }
    }

    /// From now on `passes` answers go through; the later ones never end.
    pub fn after(&self, passes: u64) {
        self.passes.store(passes, Ordering::SeqCst);
    }
}

async fn handed_on(mut client: TcpStream, vendor: &str, left: &AtomicU64) -> std::io::Result<()> {
    let mut vendor = TcpStream::connect(vendor).await?;
    let (mut asked, mut told, mut drips) = (vec![0; 65_536], vec![0; 65_536], false);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => match read? {
                0 => return Ok(()),
                length => {
                    let begins = asked.starts_with(b"GET ") || asked.starts_with(b"POST ");
                    let next = |left: u64| left.checked_sub(1);
                    drips |= begins && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next).is_err();
                    vendor.write_all(&asked[..length]).await?;
                }
            },
            read = vendor.read(&mut told) => match read? {
                _ if drips => return without_end(client).await,
                0 => return Ok(()),
                length => client.write_all(&told[..length]).await?,
            },
        }
    }
}

async fn without_end(mut client: TcpStream) -> std::io::Result<()> {
    client.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{").await?;
    loop {
        client.write_all(b" ").await?;
        sleep(Duration::from_millis(20)).await;
    }
}
