//! Keys in an export: parcels that only their recipient opens, each a line before the first commit, and a signature over all of
//! them in the last line. Anybody can close something for a public key; what the installation has signed is what it packed.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use aggregates::id::MerchantId;
use anyhow::Context;
use aws_lc_rs::digest::{self, SHA256};
use base64::{Engine, engine::general_purpose::STANDARD};
use gateway::{Gateway, clock::new_id};
use projections::transparency::{Names, Transparency, TreeId, trees};
use proofs::{Note, Signer, VerifierKey};
use uuid::Uuid;
use vault::{Parcel, Recipient, RecipientSecret};

use super::format::{KeysEnd, PARCEL_CONTENT, ParcelLine, SPECVERSION};
use crate::commands::operator::request_for;

/// The public key in a file.
pub fn recipient(path: &Path) -> anyhow::Result<Recipient> {
    let pem = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Recipient::parse(&pem).with_context(|| format!("{}", path.display()))
}

/// The private key in a file.
pub fn secret(path: &Path) -> anyhow::Result<RecipientSecret> {
    let pem = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    RecipientSecret::parse(&pem).with_context(|| format!("{}", path.display()))
}

/// Says in each merchant's own log that its keys are taken along, before any of them is read. Gives the merchants that have keys:
/// not those that were forgotten, nor those that came here without.
pub async fn on_record(
    gateway: &Gateway,
    only: Option<MerchantId>,
    recipient: &Recipient,
) -> anyhow::Result<Vec<MerchantId>> {
    let mut merchants = Vec::new();
    let mut newest = 0;
    for stored in trees(&gateway.db).await? {
        let merchant = MerchantId(stored.tree.0);
        let wanted = stored.tree != TreeId::TOP && !merchant.0.is_nil() && only.is_none_or(|only| only == merchant);
        if !wanted || gateway.vault.merchant(merchant).await.is_err() {
            continue;
        }
        let request = request_for(gateway, merchant).await?;
        newest = gateway.record_key_export(&request, recipient).await?.max(newest);
        merchants.push(merchant);
    }
    // So that the file has the record, too. Where nobody writes read models it stays behind, and that is all.
    gateway.progress.reached(Transparency::NAME, newest, gateway.options.read_patience).await;
    Ok(merchants)
}

/// What was written of keys.
#[derive(Default)]
pub struct Written {
    pub people: u64,
    digest: Digest,
}

impl Written {
    /// Gives every parcel of a merchant to `write`, as a line that begins like `header`.
    pub async fn merchant(
        &mut self,
        gateway: &Gateway,
        (merchant, recipient): (MerchantId, &Recipient),
        header: &ParcelLine,
        mut write: impl FnMut(ParcelLine) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut packing = gateway.vault.pack(merchant, recipient);
        while let Some(parcel) = packing.next().await? {
            self.digest.add(&parcel);
            write(ParcelLine {
                id: new_id(),
                merchant: merchant.0,
                number: parcel.number.to_string(),
                data_base64: STANDARD.encode(&parcel.closed),
                ..header.clone()
            })?;
        }
        self.people += packing.people_packed();
        Ok(())
    }

    /// What the last line says of them.
    pub fn end(self, names: &Names, signer: &impl Signer) -> KeysEnd {
        let name = name_of(names);
        let parcels = self.digest.parcels;
        let text = self.digest.text(&name);
        KeysEnd { parcels, note: Note::sign(text, &name, signer).to_string() }
    }
}

/// Of all parcels, in their order.
pub struct Digest {
    parcels: u64,
    hash: digest::Context,
}

impl Default for Digest {
    fn default() -> Self {
        Digest { parcels: 0, hash: digest::Context::new(&SHA256) }
    }
}

impl Digest {
    /// Everything before the bytes is of a fixed length, and so is their number: no two rows of parcels give the same.
    pub fn add(&mut self, parcel: &Parcel) {
        self.parcels += 1;
        self.hash.update(parcel.merchant.0.as_bytes());
        self.hash.update(&parcel.number.to_be_bytes());
        self.hash.update(&(parcel.closed.len() as u64).to_be_bytes());
        self.hash.update(&parcel.closed);
    }

    pub fn is_of_nothing(&self) -> bool {
        self.parcels == 0
    }

    fn text(self, name: &str) -> String {
        format!("{name}\n{}\n{}\n", self.parcels, STANDARD.encode(self.hash.finish()))
    }

    /// Whether these are the parcels that the installation has signed.
    ///
    /// # Errors
    /// Says what is wrong with the signature, or with what was signed.
    pub fn check(self, names: &Names, end: &KeysEnd) -> Result<(), String> {
        let name = name_of(names);
        let note: Note = end.note.parse().map_err(|error| format!("the signature over the keys: {error}"))?;
        let key: VerifierKey = names.key().named(&name);
        let signed = note.verified_by(&key).map_err(|error| format!("the signature over the keys: {error}"))?;
        let found = self.text(&name);
        (signed == found).then_some(()).ok_or_else(|| "the keys are not those that were signed".to_owned())
    }
}

/// Under which the installation signs for keys: a signature for a tree is none for keys.
fn name_of(names: &Names) -> String {
    format!("{}/keys", names.origin(TreeId::TOP))
}

/// The parcel in a line.
///
/// # Errors
/// Says what cannot be read.
pub fn parcel(line: &ParcelLine) -> Result<Parcel, String> {
    let number = line.number.parse().map_err(|_| "its number is no number")?;
    let closed = STANDARD.decode(&line.data_base64).map_err(|_| "its data is not in base 64")?;
    Ok(Parcel { merchant: MerchantId(line.merchant), number, closed })
}

/// What all parcel lines of one file begin with.
pub fn header(source: String, time: String) -> ParcelLine {
    ParcelLine {
        specversion: SPECVERSION.to_owned(),
        id: Uuid::nil(),
        source,
        time,
        datacontenttype: PARCEL_CONTENT.to_owned(),
        merchant: Uuid::nil(),
        number: String::new(),
        data_base64: String::new(),
    }
}

/// Makes a pair of keys: the private one in a new file that only its owner reads; the public one is given.
pub fn make_pair(path: &Path) -> anyhow::Result<String> {
    let (public, secret) = RecipientSecret::generate().context("the system gave no randomness")?;
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.with_context(|| format!("cannot make {}", path.display()))?;
    file.write_all(secret.to_pem().as_bytes())?;
    file.sync_all()?;
    Ok(public.to_pem())
}
