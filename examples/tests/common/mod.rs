//! What the tests of the running subnet share: a subnet that is served on a port of its own, and the canisters.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use examples::client::Client;
use examples::http;
use examples::subnet::{Setup, Subnet};
use ic_certification::RootKey;
use ic_crypto::{Seed, user_key};
use tokio::net::TcpListener;

/// Candid for "no arguments".
pub(crate) const NOTHING: &[u8] = b"DIDL\0\0";

/// A module of `examples/canisters`.
pub(crate) fn module(path: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("canisters")
        .join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A subnet whose first node answers over HTTP.
pub(crate) struct Served {
    pub(crate) subnet: Subnet,
    pub(crate) address: SocketAddr,
    root_key: Vec<u8>,
}

impl Served {
    /// Starts a subnet; its keys come from a fixed seed, its clock is the machine's.
    pub(crate) async fn start(nodes: u32) -> Self {
        let subnet =
            Subnet::start(Setup::new(nodes, Seed::from_bytes(b"a subnet for tests"))).unwrap();
        subnet.members[0].ready().await.unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(http::serve(listener, Arc::clone(&subnet.members[0])));
        let root_key = subnet.root_key.to_der().into_vec();
        Self {
            subnet,
            address,
            root_key,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The root key, in DER.
    pub(crate) fn root_key(&self) -> &[u8] {
        &self.root_key
    }

    pub(crate) fn root(&self) -> &RootKey {
        &self.subnet.root_key
    }

    /// A client of ours, whose key comes from `name`.
    pub(crate) fn client(&self, name: &str) -> Client {
        Client::new(self.address, self.root().clone(), key(name))
    }
}

/// The key of a user.
pub(crate) fn key(name: &str) -> user_key::SecretKey {
    user_key::SecretKey::ed25519(Seed::from_bytes(name.as_bytes()))
}
