"""A certificate authority of a test: its own key, and certificates for loopback, all as PEM files."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

GOOD_FOR = timedelta(days=1)
LOOPBACK = (x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost"))


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, each in a file of its own."""

    cert_file: Path
    key_file: Path

    def together(self) -> Path:
        """Both in one file, as Kafka wants them."""
        both = self.cert_file.with_suffix(".both.pem")
        both.write_bytes(self.key_file.read_bytes() + self.cert_file.read_bytes())
        return both


class Authority:
    """Signs certificates for servers on loopback and for clients."""

    def __init__(self, directory: Path, name: str) -> None:
        """``directory`` gets the files; ``name`` tells one authority from another."""
        self._directory = directory / name
        self._directory.mkdir(parents=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        self.ca_file = self._directory / "ca.pem"
        self.ca_file.write_bytes(self._own().public_bytes(Encoding.PEM))

    def issue(self, name: str) -> Certificate:
        """A certificate for ``name`` on loopback, good as a server's and as a client's."""
        key = ec.generate_private_key(ec.SECP256R1())
        signed = (
            _begun(_named(name), self._name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(LOOPBACK), critical=False)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        made = Certificate(self._directory / f"{name}.pem", self._directory / f"{name}.key")
        made.cert_file.write_bytes(signed.public_bytes(Encoding.PEM))
        made.key_file.touch(mode=0o600)
        made.key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return made

    def _own(self) -> x509.Certificate:
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
        )
        return (
            _begun(self._name, self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.KeyUsage(**usage, decipher_only=False, digital_signature=True, key_cert_sign=True, crl_sign=True),
                critical=True,
            )
            .sign(self._key, hashes.SHA256())
        )


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + GOOD_FOR)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
