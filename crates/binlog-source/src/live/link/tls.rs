//! TLS as the connection options ask for it.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use mysql::{ClientIdentity, SslOpts};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme, StreamOwned};

use crate::live::link::LinkError;

/// Encrypts the stream and checks the server as far as the options ask for it.
pub(super) fn client(
    mut stream: TcpStream,
    host: &str,
    opts: &SslOpts,
) -> Result<StreamOwned<ClientConnection, TcpStream>, LinkError> {
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|_| LinkError::Tls(format!("{host:?} is not a host's name")))?;
    let mut connection = ClientConnection::new(Arc::new(config(opts)?), name)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    Ok(StreamOwned::new(connection, stream))
}

fn config(opts: &SslOpts) -> Result<ClientConfig, LinkError> {
    let provider = ring::default_provider();
    let algorithms = provider.signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(Arc::new(provider)).with_safe_default_protocol_versions()?;
    let lenient = |roots| {
        let verifier = Lenient { roots, algorithms };
        Arc::new(verifier)
    };
    let builder = if opts.accept_invalid_certs() {
        builder.dangerous().with_custom_certificate_verifier(lenient(None))
    } else if opts.skip_domain_validation() {
        let roots = Some(roots(opts)?);
        builder.dangerous().with_custom_certificate_verifier(lenient(roots))
    } else {
        builder.with_root_certificates(roots(opts)?)
    };
    Ok(match opts.client_identity() {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (chain, key) = identity_of(identity)?;
            builder.with_client_auth_cert(chain, key)?
        }
    })
}

/// The public authorities, and those of the file.
fn roots(opts: &SslOpts) -> Result<RootCertStore, LinkError> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(path) = opts.root_cert_path() {
        for certificate in certificates(path)? {
            roots.add(certificate)?;
        }
    }
    Ok(roots)
}

fn identity_of(identity: &ClientIdentity) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), LinkError> {
    let path = identity.priv_key_path();
    let bytes = read(path)?;
    let key = match PrivateKeyDer::from_pem_slice(&bytes) {
        Ok(key) => key,
        Err(_) => PrivateKeyDer::try_from(bytes).map_err(|_| unusable(path, "it holds no private key"))?,
    };
    Ok((certificates(identity.cert_chain_path())?, key))
}

/// The certificates of a file: PEM, or one as DER.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, LinkError> {
    let bytes = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) if !bytes.is_empty() => Ok(vec![bytes.into()]),
        Ok(_) => Err(unusable(path, "it is empty")),
        Err(error) => Err(unusable(path, error)),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, LinkError> {
    fs::read(path).map_err(|error| unusable(path, error))
}

fn unusable(path: &Path, why: impl std::fmt::Display) -> LinkError {
    LinkError::Tls(format!("{}: {why}", path.display()))
}

/// Looks less at the server's certificate than rustls does by itself.
#[derive(Debug)]
struct Lenient {
    /// The authorities that it must come from, whomever it names; `None`: any certificate will do.
    roots: Option<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(certificate)?;
            let algorithms = self.algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match self.roots {
            Some(_) => verify_tls12_signature(message, certificate, signature, &self.algorithms),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match self.roots {
            Some(_) => verify_tls13_signature(message, certificate, signature, &self.algorithms),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
