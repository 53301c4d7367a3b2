package dev.freshet.runtime.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.pem.PemContent;

/**
 * Where one side of TLS finds who it is and whom it trusts.
 *
 * @param certificate its certificate, with the chain behind it; null for a side that shows none
 * @param key the certificate's private key, without a passphrase; null without a certificate
 * @param authorities certificates that the other side's has to come from; null for those that the
 *     JVM trusts, or, of a server, to ask for none
 */
public record PemFiles(@Nullable Path certificate, @Nullable Path key, @Nullable Path authorities) {

  private static final byte[] ANYTHING = {1, 2, 3, 4};

  /**
   * Names files.
   *
   * @throws IllegalArgumentException when a certificate stands without its key, or the other way
   *     round
   */
  public PemFiles {
    if ((certificate == null) != (key == null)) {
      throw new IllegalArgumentException(
          "a certificate and its key go together, and one of them is missing");
    }
  }

  Stream<Path> all() {
    return Stream.of(certificate, key, authorities)
        .filter(Objects::nonNull)
        .map(Objects::requireNonNull);
  }

  /**
   * What the files hold.
   *
   * @throws IllegalArgumentException when they can't be used, saying which and why
   */
  public Material read() {
    List<X509Certificate> trusted = authorities == null ? List.of() : certificates(authorities);
    if (certificate == null || key == null) {
      return new Material(List.of(), null, trusted);
    }
    List<X509Certificate> chain = certificates(certificate);
    PrivateKey privateKey = privateKey(key);
    if (!belong(privateKey, chain.getFirst().getPublicKey())) {
      throw new IllegalArgumentException(
          "the key in %s is not the one of the certificate in %s".formatted(key, certificate));
    }
    return new Material(chain, privateKey, trusted);
  }

  private static List<X509Certificate> certificates(Path file) {
    PemContent content = content(file);
    try {
      return content.getCertificates();
    } catch (IllegalStateException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s holds no certificates in PEM (-----BEGIN CERTIFICATE-----)".formatted(file), e);
    }
  }

  private static PrivateKey privateKey(Path file) {
    PemContent content = content(file);
    try {
      return Objects.requireNonNull(content.getPrivateKey());
    } catch (IllegalStateException | IllegalArgumentException | NullPointerException e) {
      throw new IllegalArgumentException(
          "%s holds no private key in PEM without a passphrase (-----BEGIN PRIVATE KEY-----)"
              .formatted(file),
          e);
    }
  }

  private static PemContent content(Path file) {
    try {
      return PemContent.of(Files.readString(file, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "%s can't be read (%s)".formatted(file, e.getClass().getSimpleName()), e);
    }
  }

  /** Whether what one signs the other confirms, as far as that can be told. */
  private static boolean belong(PrivateKey key, PublicKey ofCertificate) {
    if (!key.getAlgorithm().equals(ofCertificate.getAlgorithm())) {
      return false;
    }
    @Nullable String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> null;
        };
    if (algorithm == null) {
      return true; // TLS will tell
    }
    try {
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(key);
      signature.update(ANYTHING);
      byte[] signed = signature.sign();
      signature.initVerify(ofCertificate);
      signature.update(ANYTHING);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /**
   * What TLS is made of.
   *
   * @param chain the certificate first; empty for a side that shows none
   * @param key null without a certificate
   * @param authorities empty where none are named
   */
  public record Material(
      List<X509Certificate> chain, @Nullable PrivateKey key, List<X509Certificate> authorities) {

    @Override
    public String toString() {
      return chain.isEmpty()
          ? "no certificate"
          : "the certificate of %s, until %s"
              .formatted(
                  chain.getFirst().getSubjectX500Principal().getName(),
                  chain.getFirst().getNotAfter().toInstant());
    }
  }
}
